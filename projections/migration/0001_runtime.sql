-- The projector's own tables: where each projection stands, and the digests of its
-- tables. Schema zhitong holds the public views and nothing else. Takes no lock
-- that matters, since nothing exists yet; done in milliseconds.

CREATE SCHEMA IF NOT EXISTS zhitong;
CREATE SCHEMA IF NOT EXISTS zhitong_projector;

COMMENT ON SCHEMA zhitong IS 'The views of Zhitong 369: folds of the log, written by the projector alone. Every view states its position in projection_status.';
COMMENT ON SCHEMA zhitong_projector IS 'The projector''s checkpoint. Internal.';

-- One row: how far all live projections have come, in which stream. term grows
-- with every change of leader and of plan; a write under an older term is refused.
CREATE TABLE zhitong_projector.checkpoint (
	one            boolean PRIMARY KEY DEFAULT true CONSTRAINT checkpoint_is_one_row CHECK (one),
	term           bigint NOT NULL,
	stream         text   NOT NULL,
	stream_created text   NOT NULL,
	first_commit   text   NOT NULL,
	position       bigint NOT NULL,
	commit_sha256  text   NOT NULL,
	recorded       timestamptz,
	head           bigint NOT NULL,
	head_recorded  timestamptz
);
INSERT INTO zhitong_projector.checkpoint (term, stream, stream_created, first_commit, position, commit_sha256, head)
VALUES (0, '', '', '', 0, '', 0);

-- A projection that is live stands at the checkpoint; position and commit_sha256
-- of its own hold while it is building or stopped.
CREATE TABLE zhitong_projector.projection (
	name           text    NOT NULL,
	version        integer NOT NULL,
	serving        boolean NOT NULL,
	status         text    NOT NULL CONSTRAINT status_known CHECK (status IN ('live', 'building', 'stopped')),
	declaration    text    NOT NULL,
	position       bigint  NOT NULL,
	commit_sha256  text    NOT NULL,
	recorded       timestamptz,
	error          text,
	error_event    text,
	error_position bigint,
	PRIMARY KEY (name, version),
	CONSTRAINT stopped_says_why CHECK ((status = 'stopped') = (error IS NOT NULL))
);
CREATE UNIQUE INDEX projection_serves_one_version ON zhitong_projector.projection (name) WHERE serving;

-- The tables of each projection with what the projector wrote into them.
CREATE TABLE zhitong_projector.relation (
	name     text    NOT NULL,
	version  integer NOT NULL,
	relation text    NOT NULL,
	public   boolean NOT NULL,
	rows     bigint  NOT NULL,
	digest   text    NOT NULL,
	PRIMARY KEY (name, version, relation),
	FOREIGN KEY (name, version) REFERENCES zhitong_projector.projection ON DELETE CASCADE
);

-- What projection_status shows, and when the last commit of each was recorded.
CREATE VIEW zhitong_projector.status AS
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
       s.recorded
  FROM zhitong_projector.projection p
  JOIN zhitong_projector.relation r ON r.name = p.name AND r.version = p.version AND r.public
 CROSS JOIN zhitong_projector.checkpoint c
 CROSS JOIN LATERAL (SELECT CASE WHEN p.status = 'live' THEN c.position ELSE p.position END AS position,
                            CASE WHEN p.status = 'live' THEN c.recorded ELSE p.recorded END AS recorded) s;

CREATE VIEW zhitong.projection_status AS
SELECT projection, version, position, head, lag_events, lag_seconds, status, error, digest, serving, error_event, error_position
  FROM zhitong_projector.status;

COMMENT ON VIEW zhitong.projection_status IS 'How far each view has come, and whether it is live. The head is the one that the projector last saw.';
COMMENT ON COLUMN zhitong.projection_status.projection IS 'Name of the view.';
COMMENT ON COLUMN zhitong.projection_status.version IS 'Version of its meaning.';
COMMENT ON COLUMN zhitong.projection_status.serving IS 'Whether this version is what the view shows.';
COMMENT ON COLUMN zhitong.projection_status.position IS 'Position of the last commit that is in it.';
COMMENT ON COLUMN zhitong.projection_status.head IS 'Position of the last commit of the log.';
COMMENT ON COLUMN zhitong.projection_status.lag_events IS 'Commits of the log that are not in it yet.';
COMMENT ON COLUMN zhitong.projection_status.lag_seconds IS 'Seconds between the recording of its last commit and of the log''s.';
COMMENT ON COLUMN zhitong.projection_status.status IS 'live, building or stopped.';
COMMENT ON COLUMN zhitong.projection_status.error IS 'Why it stopped, and what to do.';
COMMENT ON COLUMN zhitong.projection_status.error_event IS 'Id of the event that it could not fold.';
COMMENT ON COLUMN zhitong.projection_status.error_position IS 'Position of that event.';
COMMENT ON COLUMN zhitong.projection_status.digest IS 'Sum modulo 2^256 of the SHA-256 of its rows as lines of JSON, in hexadecimal.';
