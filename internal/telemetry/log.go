package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"zhitong/events/log"
)

// Log is l with a span for every block that is appended: how many commits and bytes,
// where it came to stand, and what went wrong.
func Log(l log.Log, traces trace.TracerProvider) log.Log {
	return tracedLog{l, traces.Tracer("zhitong/events/log")}
}

type tracedLog struct {
	log.Log
	tracer trace.Tracer
}

func (t tracedLog) Append(ctx context.Context, expected log.Head, commits [][]byte) (log.Head, error) {
	ctx, span := t.tracer.Start(ctx, "log.append", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	head, err := t.Log.Append(ctx, expected, commits)
	if !span.IsRecording() {
		return head, err
	}
	size := 0
	for _, c := range commits {
		size += len(c) + 1
	}
	span.SetAttributes(attribute.Int("zhitong.commits", len(commits)), attribute.Int("zhitong.bytes", size),
		attribute.Int64("zhitong.position", int64(head.Position)))
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return head, err
}
