package config

// Drop is one folder that files are dropped into, with all folders below it.
type Drop struct {
	// The folder, an absolute path.
	Path string `yaml:"path" jsonschema:"required"`
	// Patterns of file names that are taken; the others are left alone. Default: *.csv and *.csv.gz.
	Include []string `yaml:"include"`
	// Which component a file belongs to: {folder} is the name of the folder it lies in, {file} its own name up to the first dot of the extension, anything else a fixed name, or a regular expression over the path below the folder with a group (?P<component>...); with a group (?P<sensor>...) too it is held against every column name instead. Default: {folder}.
	Component string `yaml:"component"`
	// When a file is whole and may be read.
	Complete Complete `yaml:"complete"`
	// What becomes of a file when all its rows are accounted for. Default: archive.
	After After `yaml:"after"`
	// Where archived files go.
	Archive Archive `yaml:"archive"`
	// How the files are written. All of it is found out by itself; give what is found out wrongly.
	CSV CSV `yaml:"csv"`
}

// Complete says when a file is whole.
type Complete struct {
	// settle: size and time have not changed for a while; rename: it appears under its name when it is whole; marker: a second file says so. Default: settle.
	Rule Rule `yaml:"rule"`
	// How long a file has to be still under the rule settle. Default: 2s.
	Settle Duration `yaml:"settle"`
	// What is appended to a file's name to give its marker's under the rule marker. Default: .done.
	Marker string `yaml:"marker"`
}

// Archive is where files go under after: archive.
type Archive struct {
	// Folder, an absolute path outside all drop folders. Default: archive below state_dir.
	Dir string `yaml:"dir"`
	// Whether files are compressed. Default: true.
	Gzip Switch `yaml:"gzip"`
	// How long files are kept; none is for ever. Default: 720h.
	Keep Duration `yaml:"keep"`
	// Most that is kept, the oldest goes first. Default: 1GiB.
	Max Size `yaml:"max"`
}

// CSV is how files are written.
type CSV struct {
	// What stands between cells: , or ; or tab or | or space. Default: auto.
	Delimiter CellDelimiter `yaml:"delimiter"`
	// What stands between whole and fraction of a number: . or a comma. Default: auto.
	Decimal Decimal `yaml:"decimal"`
	// Character encoding. Default: auto.
	Encoding Encoding `yaml:"encoding"`
	// Line of the names and, after it, of the units, counted from 1. Default: auto.
	Header Header `yaml:"header"`
	// Name of the timestamp's column. Default: the first.
	TimestampColumn string `yaml:"timestamp_column"`
	// Form of the timestamps: iso, epoch, epoch_ms, epoch_us, epoch_ns, or a pattern of y M d H h m s S a X such as M/d/yyyy HH:mm. Default: auto.
	TimestampFormat string `yaml:"timestamp_format"`
	// Zone of timestamps that name none: an IANA name such as Europe/Berlin, or +hh:mm. Default: UTC.
	TimeZone string `yaml:"time_zone"`
	// wide: one column for each sensor; long: timestamp, tag, value and perhaps quality. Default: auto.
	Layout Layout `yaml:"layout"`
	// Texts of the quality column that count as good, long layout only. Default: Good and 192.
	GoodQuality []string `yaml:"good_quality"`
	// Texts, or numbers, that stand for no value. Default: Bad, No Data, I/O Timeout, NaN.
	BadValues []string `yaml:"bad_values"`
	// Sensor names by column names, for columns whose own name is not wanted or clashes with another.
	Rename map[string]string `yaml:"rename"`
}
