package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// Options of a Handler. The zero value of a field means the default that its
// comment names.
type Options struct {
	// Most bytes of a body. Default: 2 MiB, since a schema may have a million
	// characters and every quote in it is two on the wire.
	MaxBody int64
	// Calls at a time. Further ones wait, unread. Default: 64.
	Calls int
	// How many of them may have bodies of more than 64 KiB. Default: 8.
	LargeCalls int
	// How long a call waits for its turn before it is throttled. Default: 5 s.
	Wait time.Duration
	// How long a body may take to arrive. Default: 10 s.
	Body time.Duration
	// How long an operation may take. Default: 30 s.
	Call time.Duration
	// Observe is told of every request that was answered. Default: nobody is.
	Observe func(Call)
	// CheckAnswers holds every answer against its shape, and errors against those
	// that the operation has, at a cost; tests want it.
	CheckAnswers bool
}

// Call is what became of a request.
type Call struct {
	Operation string // "" when it named none of the API's
	Status    int
	Error     string // the error type; "" is success
	Took      time.Duration
}

// smallBody is what every call may have in memory.
const smallBody = 64 << 10

// Handler answers requests. It is safe for use on many goroutines.
type Handler struct {
	model        *Model
	entries      map[string]*entry // by X-Amz-Target
	authenticate Authenticate
	o            Options
	calls, large chan struct{} // one element for each that is under way
	log          *zap.Logger
}

// entry is an operation, ready to be called.
type entry struct {
	*Operation
	method
	set   setter
	guard *guard
	lists []int // see topLists
}

// New makes a Handler. An error is a mistake in the program.
func New(b Backend, a Authenticate, o Options, log *zap.Logger) (*Handler, error) {
	model, err := NewModel()
	if err != nil {
		return nil, err
	}
	o = o.filled()
	h := &Handler{
		model: model, entries: make(map[string]*entry, len(model.Operations)), authenticate: a, o: o,
		calls: make(chan struct{}, o.Calls), large: make(chan struct{}, o.LargeCalls), log: log,
	}
	all := methods(b)
	for name, op := range model.Operations {
		m, ok := all[name]
		if !ok {
			return nil, fmt.Errorf("make the API: nothing does %s", name)
		}
		e := &entry{Operation: op, method: m, set: setterFor(m.in)}
		if e.guard, err = guardFor(op.Input); err != nil {
			return nil, fmt.Errorf("make the API: %s: %w", name, err)
		}
		if m.out != nil {
			e.lists = topLists(m.out)
		}
		h.entries[model.Target+"."+name] = e
	}
	return h, nil
}

func (o Options) filled() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 2 << 20
	}
	if o.Calls <= 0 {
		o.Calls = 64
	}
	if o.LargeCalls <= 0 {
		o.LargeCalls = 8
	}
	set(&o.Wait, 5*time.Second)
	set(&o.Body, 10*time.Second)
	set(&o.Call, 30*time.Second)
	if o.Observe == nil {
		o.Observe = func(Call) {}
	}
	return o
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Handler: h, w: w, r: r, id: newRequestID(), started: time.Now()}
	defer x.recover()
	body, err := x.run()
	if err != nil {
		x.refuse(err)
		return
	}
	x.write(http.StatusOK, body)
}

// exchange is one request and its answer.
type exchange struct {
	*Handler
	w       http.ResponseWriter
	r       *http.Request
	id      string
	started time.Time
	entry   *entry   // nil until it is known
	who     Identity // empty until it is known
	written bool
}

// run takes a request through its stages, the cheap ones first, and gives the body
// of a good answer.
func (x *exchange) run() ([]byte, error) {
	if err := x.route(); err != nil {
		return nil, err
	}
	verify, err := x.authenticate(x.r)
	if err != nil {
		return nil, x.stranger(err)
	}
	body, done, err := x.body()
	defer done()
	if err != nil {
		return nil, err
	}
	if x.who, err = verify(body); err != nil {
		return nil, x.stranger(err)
	}
	if !x.who.Access.Allowed(x.entry.Name) {
		return nil, Denied("the key '%s' is not authorized to perform: %s:%s: its role does not allow it", x.who.Name, x.model.Signing, x.entry.Name)
	}
	request, err := parse(body)
	if err != nil {
		return nil, &Error{Type: serialization, Message: err.Error(), status: http.StatusBadRequest}
	}
	if err := validate(x.entry.Input, request); err != nil {
		return nil, err
	}
	if err := x.entry.guard.check(x.who, request, ""); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), x.o.Call)
	defer cancel()
	out, err := x.entry.call(ctx, Caller{Identity: x.who, RequestID: x.id}, x.entry.set, request)
	if err != nil {
		return nil, x.checked(err)
	}
	if out == nil {
		return nil, nil
	}
	return x.encode(out)
}

// checked finds, for those who want answers checked, an error type that the
// operation does not have: its clients would not know it.
func (x *exchange) checked(err error) error {
	var own *Error
	if x.o.CheckAnswers && errors.As(err, &own) && !slices.Contains(x.entry.Errors, own.Type) {
		return fmt.Errorf("check the answer of %s: it has no %v", x.entry.Name, err) // not wrapped: it is no fault of the client
	}
	return err
}

// stranger notes a request that nobody known has signed: most often a client that
// is set up wrongly.
func (x *exchange) stranger(err error) error {
	x.log.Info("request refused", zap.String("operation", x.entry.Name), zap.String("from", x.r.RemoteAddr), zap.String("request", x.id), zap.Error(err))
	return err
}

// recover keeps the service up when a request meets a mistake in the program.
func (x *exchange) recover() {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	x.log.Error("call panicked", zap.String("operation", x.operation()), zap.String("request", x.id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
	if !x.written {
		x.refuse(&Error{Type: InternalServerException, Message: "the service met a mistake of its own; its log says which, under this request id"})
	}
}

// refuse answers with an error.
func (x *exchange) refuse(err error) {
	status, e, told := x.model.answer(err)
	if !told && x.r.Context().Err() == nil {
		x.log.Error("call failed", zap.String("operation", x.operation()), zap.String("request", x.id), zap.Error(err))
	}
	x.w.Header().Set("X-Amzn-Errortype", e.Type)
	x.write(status, errorBody(e))
	x.done(status, e.Type)
}

// write sends an answer; without a body its length is 0 and told.
func (x *exchange) write(status int, body []byte) {
	x.written = true
	head := x.w.Header()
	head.Set("X-Amzn-Requestid", x.id)
	head.Set("Content-Type", x.contentType())
	head.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a client that has gone needs no answer
	if status == http.StatusOK {
		x.done(status, "")
	}
}

func (x *exchange) done(status int, errorType string) {
	c := Call{Operation: x.operation(), Status: status, Error: errorType, Took: time.Since(x.started)}
	x.o.Observe(c)
	x.log.Debug("call", zap.String("operation", c.Operation), zap.String("request", x.id), zap.String("principal", x.who.Name),
		zap.String("from", x.r.RemoteAddr), zap.Int("status", status), zap.String("error", errorType), zap.Duration("took", c.Took))
}

func (x *exchange) operation() string {
	if x.entry == nil {
		return ""
	}
	return x.entry.Name
}

// fillLists makes empty lists of those that are not there.
func fillLists(out reflect.Value, lists []int) {
	for _, i := range lists {
		if f := out.Field(i); f.IsNil() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
}
