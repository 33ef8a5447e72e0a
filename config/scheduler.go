package config

// Scheduler is one inference scheduler. The keys are the API's own names in
// snake case where it has them.
type Scheduler struct {
	// Its name: 1 to 200 of 0-9 a-z A-Z _ -.
	Name string `yaml:"name" jsonschema:"required"`
	// The components of its model. Default: those of schema, else one that is called as the scheduler.
	Components []string `yaml:"components"`
	// Columns of each component's files and their order. Default: learnt from the drops, sorted and kept.
	Schema map[string][]string `yaml:"schema"`
	// Length of a window and time between runs.
	DataUploadFrequency Frequency `yaml:"data_upload_frequency" jsonschema:"required"`
	// Minutes from a window's end to its run, 0 to 60. Default: 0.
	DataDelayOffsetInMinutes int `yaml:"data_delay_offset_in_minutes" jsonschema:"minimum=0,maximum=60"`
	// How long before the run a window is closed at the latest; at most half the delay offset has effect. Default: 30s.
	UploadMargin Duration `yaml:"upload_margin"`
	// Time between rows, as the model was trained with.
	TargetSamplingRate Rate `yaml:"target_sampling_rate" jsonschema:"required"`
	// Where windows are written to.
	Input Input `yaml:"input" jsonschema:"required"`
	// Where the scheduler writes its results to.
	Output Output `yaml:"output" jsonschema:"required"`
	// Where training data is written to, by backfill only. Optional.
	Training Training `yaml:"training"`
	// How values become rows.
	Resample Resample `yaml:"resample"`
	// What becomes of rows that are late, old or ahead.
	Late Late `yaml:"late"`
	// How results are waited for and kept.
	Results Results `yaml:"results"`
}

// Input is where windows are written to, and under which names.
type Input struct {
	// The bucket.
	Bucket string `yaml:"bucket" jsonschema:"required"`
	// What keys begin with: empty, or ending in a slash. Default: empty.
	Prefix string `yaml:"prefix"`
	// Moves the stamps of file names, never those of rows: -12:00 to +12:00. Default: +00:00.
	InputTimeZoneOffset Offset `yaml:"input_time_zone_offset"`
	// Form of the stamp in file names. Default: yyyyMMddHHmmss.
	TimestampFormat NameFormat `yaml:"timestamp_format"`
	// What stands between component and stamp: - or _ or one space, or "" for nothing. Default: -.
	ComponentTimestampDelimiter NameDelimiter `yaml:"component_timestamp_delimiter"`
}

// Output is where the scheduler writes its results to.
type Output struct {
	// The bucket.
	Bucket string `yaml:"bucket" jsonschema:"required"`
	// What keys begin with: empty, or ending in a slash. Default: empty.
	Prefix string `yaml:"prefix"`
}

// Training is where backfill writes training data to.
type Training struct {
	// The bucket. Default: the input's, when prefix is given.
	Bucket string `yaml:"bucket"`
	// What keys begin with: empty, or ending in a slash. Default: empty.
	Prefix string `yaml:"prefix"`
}

// Resample is how values become rows.
type Resample struct {
	// How the values of one step become one. Default: mean.
	Aggregate Aggregate `yaml:"aggregate"`
	// By which end a step is named. start is for models trained on data labelled so; config check says what it costs. Default: end.
	Label Label `yaml:"label"`
	// What an empty step holds: hold is the last value, none is an empty cell. Default: hold.
	Fill Fill `yaml:"fill"`
	// Longest time for which a value is held; none is without end. Default: the larger of three steps and one minute.
	MaxGap Duration `yaml:"max_gap"`
	// Exceptions by sensor.
	Sensors map[string]SensorResample `yaml:"sensors"`
}

// SensorResample is what is different for one sensor.
type SensorResample struct {
	// As above. Default: as above.
	Aggregate Aggregate `yaml:"aggregate"`
	// As above. Default: as above.
	Fill Fill `yaml:"fill"`
	// As above. Default: as above.
	MaxGap Duration `yaml:"max_gap"`
}

// Late is what becomes of rows that are late, old or ahead.
type Late struct {
	// Rows older than this stay in their drop. Default: 72h.
	OverdueMax Duration `yaml:"overdue_max"`
	// Rows further ahead of the clock than this go to quarantine. Default: 10m.
	MaxAhead Duration `yaml:"max_ahead"`
	// Which of two values for one timestamp and sensor counts when they come from two files: the first taken or the last. Default: first.
	OnConflict OnConflict `yaml:"on_conflict"`
	// Refuses windows that hold nothing but held values. Default: false.
	RequireRealRows bool `yaml:"require_real_rows"`
}

// Results is how results are waited for and kept.
type Results struct {
	// How long after the run a missing result is reported. Default: 10m.
	Timeout Duration `yaml:"timeout"`
	// How long delivered results stay in state_dir, unless limits needs their room; none is for ever. Default: 720h.
	Keep Duration `yaml:"keep"`
	// How long the machine has to run normally until an anomaly event is over. Default: the larger of 2h and three steps.
	CloseAfter Duration `yaml:"close_after"`
}
