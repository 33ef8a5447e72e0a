package config

// Sink is a place where results go besides state_dir. Which keys it has depends
// on its kind.
type Sink struct {
	// csv writes files, webhook posts JSON, mqtt publishes JSON.
	Kind SinkKind `yaml:"kind" jsonschema:"required"`
	// What it gets: results (every row), events (anomalous stretches), alarms (missing and failed runs). Default: results for csv, events and alarms for webhook, all for mqtt.
	What []SinkWhat `yaml:"what"`
	// csv: the folder, an absolute path.
	Dir string `yaml:"dir"`
	// webhook: http or https; mqtt: tls://host:port or tcp://host:port.
	URL string `yaml:"url"`
	// webhook: file with the key that bodies are signed with (HMAC-SHA256). Default: none, bodies are not signed.
	HMACKeyFile string `yaml:"hmac_key_file"`
	// mqtt: the topic; {instance} and {scheduler} are filled in. Default: millwright/{instance}/{scheduler}.
	Topic string `yaml:"topic"`
	// webhook, mqtt: PEM file of the authorities that signed the other side's certificate. Default: the system's.
	CAFile string `yaml:"ca_file"`
	// mqtt: user name. Default: none.
	User string `yaml:"user"`
	// mqtt: file with the password. Default: none.
	PasswordFile string `yaml:"password_file"`
}
