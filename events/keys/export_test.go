package keys

// CrashBefore has fn told of each step of a rotation; its error ends it there.
func (s *Stream) CrashBefore(fn func(step string) error) { s.step = fn }
