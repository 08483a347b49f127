-- The engine's metadata. One row changes in one transaction with all that depends on it, so that a
-- crash at any instant leaves either the state before or the state after.

-- Layers that are unpacked. snapshot: the committed snapshot's name is the chain ID itself.
CREATE TABLE layers (
    chain_id TEXT PRIMARY KEY,
    diff_id  TEXT NOT NULL,
    parent   TEXT REFERENCES layers (chain_id),
    blob     TEXT NOT NULL,             -- digest of the layer's blob in the content store
    tar_size INTEGER NOT NULL,          -- bytes of the blob uncompressed
    size     INTEGER NOT NULL           -- bytes of the files that the layer adds, as Docker counts
) STRICT;
CREATE INDEX layers_by_parent ON layers (parent);
CREATE INDEX layers_by_diff_id ON layers (diff_id);
CREATE INDEX layers_by_blob ON layers (blob);

CREATE TABLE images (
    image_id TEXT PRIMARY KEY,          -- digest of the config, which is in the content store
    manifest TEXT NOT NULL,             -- digest of a manifest in the content store that names it
    chain_id TEXT REFERENCES layers (chain_id),   -- topmost layer; NULL for an image without layers
    parent   TEXT NOT NULL DEFAULT '',  -- image that a build or commit started from, or ''
    size     INTEGER NOT NULL,          -- bytes of all its layers
    created  INTEGER NOT NULL,          -- as its config says, Unix nanoseconds
    tagged   INTEGER NOT NULL           -- last time a name was given to it, Unix nanoseconds
) STRICT;
CREATE INDEX images_by_chain_id ON images (chain_id);
CREATE INDEX images_by_manifest ON images (manifest);
CREATE INDEX images_by_parent ON images (parent);

-- Names: "docker.io/library/centos:latest" (tag) or "docker.io/library/centos@sha256:…" (digest).
CREATE TABLE image_names (
    name     TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (image_id)
) STRICT;
CREATE INDEX image_names_by_image ON image_names (image_id);

-- Images that this engine made itself: only these are a build's cache.
CREATE TABLE built_images (
    image_id TEXT PRIMARY KEY REFERENCES images (image_id)
) STRICT;

-- The snapshotter's own bookkeeping.
CREATE TABLE snapshots (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,   -- names the directory; never used twice
    name   TEXT NOT NULL UNIQUE,
    kind   TEXT NOT NULL CHECK (kind IN ('active', 'committed')),
    parent INTEGER REFERENCES snapshots (id),
    size   INTEGER NOT NULL DEFAULT 0,
    inodes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX snapshots_by_parent ON snapshots (parent);

CREATE TABLE containers (
    container_id TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    image_id     TEXT NOT NULL,         -- may outlive the image, which can be removed by force
    created      INTEGER NOT NULL,      -- Unix nanoseconds
    spec         TEXT NOT NULL,         -- JSON: what was asked for at creation
    state        TEXT NOT NULL          -- JSON: what has become of it
) STRICT;
CREATE INDEX containers_by_image ON containers (image_id);

-- Volumes; the files of one are in a directory of its name. labels: JSON, an object or null.
CREATE TABLE volumes (
    name    TEXT PRIMARY KEY,
    created INTEGER NOT NULL,           -- Unix nanoseconds
    labels  TEXT NOT NULL
) STRICT;

-- Which containers have a volume among their mounts, running or not.
CREATE TABLE volume_uses (
    volume       TEXT NOT NULL REFERENCES volumes (name),
    container_id TEXT NOT NULL REFERENCES containers (container_id) ON DELETE CASCADE,
    PRIMARY KEY (volume, container_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX volume_uses_by_container ON volume_uses (container_id);
