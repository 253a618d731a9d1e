-- How fast the projector folds, and how far a rebuild is, so that everybody who asks
-- sees it, not only the process that works. Adds columns that may be null or have a
-- default, and replaces two views: a moment's lock on the small tables of the
-- projector.

-- events_per_s is over the last seconds before moved, when a transaction last moved
-- the checkpoint.
ALTER TABLE zhitong_projector.checkpoint
	ADD COLUMN events_per_s bigint NOT NULL DEFAULT 0,
	ADD COLUMN moved        timestamptz;

-- Of a rebuild under way; rebuild_seen is when it last gave a sign.
ALTER TABLE zhitong_projector.projection
	ADD COLUMN rebuild_seen         timestamptz,
	ADD COLUMN rebuild_events_per_s bigint,
	ADD COLUMN rebuild_done         bigint,
	ADD COLUMN rebuild_seconds_left bigint;

CREATE OR REPLACE VIEW zhitong_projector.status AS
SELECT r.relation AS projection,
       p.version,
       s.position,
       c.head,
       greatest(c.head - s.position, 0) AS lag_events,
       CASE WHEN s.position >= c.head OR s.recorded IS NULL THEN 0
            ELSE greatest(floor(extract(epoch FROM c.head_recorded - s.recorded)), 0)::bigint END AS lag_seconds,
       p.status,
       p.error,
       r.digest,
       p.serving,
       p.error_event,
       p.error_position,
       s.recorded,
       CASE WHEN b.rebuilding THEN coalesce(p.rebuild_events_per_s, 0)
            WHEN p.status <> 'stopped' AND c.moved > now() - interval '15 seconds' THEN c.events_per_s
            ELSE 0 END AS events_per_s,
       CASE WHEN b.rebuilding THEN p.rebuild_done END AS rebuild_done,
       CASE WHEN b.rebuilding THEN p.rebuild_seconds_left END AS rebuild_seconds_left
  FROM zhitong_projector.projection p
  JOIN zhitong_projector.relation r ON r.name = p.name AND r.version = p.version AND r.public
 CROSS JOIN zhitong_projector.checkpoint c
 CROSS JOIN LATERAL (SELECT CASE WHEN p.status = 'live' THEN c.position ELSE p.position END AS position,
                            CASE WHEN p.status = 'live' THEN c.recorded ELSE p.recorded END AS recorded) s
 CROSS JOIN LATERAL (SELECT coalesce(p.rebuild_seen > now() - interval '15 seconds', false) AS rebuilding) b;

CREATE OR REPLACE VIEW zhitong.projection_status AS
SELECT projection, version, position, head, lag_events, lag_seconds, status, error, digest, serving, error_event, error_position,
       events_per_s, rebuild_done, rebuild_seconds_left
  FROM zhitong_projector.status;

COMMENT ON COLUMN zhitong.projection_status.events_per_s IS 'Events a second that go into it at present; 0 when nothing does.';
COMMENT ON COLUMN zhitong.projection_status.rebuild_done IS 'Of a rebuild under way: thousandths of it that are done.';
COMMENT ON COLUMN zhitong.projection_status.rebuild_seconds_left IS 'Of a rebuild under way: about how many seconds it will still take.';
