// Package systemd tells the service manager how a daemon is: ready, reloading,
// stopping, alive, and what it does in a line. Beside it are the unit files. It
// supervises nothing itself, and outside systemd it does nothing.
package systemd

import (
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// Notifier speaks to the service manager of this process. Its methods do not
// wait for an answer and may be called from several goroutines.
type Notifier struct {
	watchdog bool
	log      *zap.Logger
}

// New reads from the environment whether there is a service manager and whether
// it wants to hear that the process is alive.
func New(log *zap.Logger) *Notifier {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog's environment cannot be read, it is told nothing", zap.Error(err))
	}
	if every > 0 && every < Shortest {
		log.Warn("WatchdogSec is too short, the daemon may be ended although it is well", zap.Duration("is", every), zap.Duration("at_least", Shortest))
	}
	return &Notifier{watchdog: err == nil && every > 0, log: log}
}

// Shortest is the shortest WatchdogSec: daemons here call Alive every 10 s.
const Shortest = 30 * time.Second

// Ready says that the start, or a reload, is done.
func (n *Notifier) Ready() { n.say(daemon.SdNotifyReady) }

// Reloading says that a reload has begun, and when: Type=notify-reload of systemd
// 253 and later wants to know which one this is.
func (n *Notifier) Reloading() {
	n.say(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

// Stopping says that the process is about to end.
func (n *Notifier) Stopping() { n.say(daemon.SdNotifyStopping) }

// Status is the line that systemctl status shows.
func (n *Notifier) Status(line string) {
	n.say("STATUS=" + strings.Join(strings.Fields(line), " ")) // a line feed would begin another message
}

// Alive feeds the watchdog, if there is one.
func (n *Notifier) Alive() {
	if n.watchdog {
		n.say(daemon.SdNotifyWatchdog)
	}
}

func (n *Notifier) say(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.log.Debug("tell systemd", zap.String("state", state), zap.Error(err))
	}
}
