//! Every key of the configuration, once: the reader refuses what is not here, a test compares this list
//! with `config/README.md` and `config/rushes.toml`.

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds, in words.
    pub holds: &'static str,
    /// Its default as it would be written; empty = required or simply absent.
    pub default: &'static str,
    /// Known to the product but not in this version: what to do instead.
    pub later: Option<&'static str>,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// As it is written (`[[folder]]`).
    pub title: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

const fn key(name: &'static str, holds: &'static str, default: &'static str) -> Key {
    Key { name, holds, default, later: None }
}

const fn later(name: &'static str, instead: &'static str) -> Key {
    Key { name, holds: "", default: "", later: Some(instead) }
}

/// The file itself.
pub(super) const TOP: Section = Section {
    title: "the file",
    keys: &[
        key("service", "table", ""),
        key("engine", "table", ""),
        key("show", "tables by name", ""),
        key("folder", "list of tables", ""),
        key("recipe", "tables by name", ""),
        later("executor", "work runs on this machine"),
    ],
};
pub(super) const SERVICE: Section = Section {
    title: "[service]",
    keys: &[
        key("state_dir", "absolute path", "\"/var/lib/rushes\""),
        key("control", "absolute path", "\"/run/rushes/control.sock\""),
        key("include", "list of globs", "[]"),
        key("log", "error, warn, info, debug or trace", "\"info\""),
        later("listen", "leave it out; `rushes status` shows the state of the daemon"),
    ],
};
pub(super) const ENGINE: Section = Section {
    title: "[engine]",
    keys: &[
        key("workers", "whole number, 0 = one per core", "0"),
        key("memory", "size", "\"512 MiB\""),
        key("seconds", "whole number", "10"),
        key("file_size", "size", "\"64 MiB\""),
        key("pictures", "table", ""),
    ],
};
pub(super) const PICTURES: Section = Section {
    title: "[engine.pictures]",
    keys: &[
        key("memory", "size", "\"4 GiB\""),
        key("seconds", "whole number", "3600"),
        key("file_size", "size", "\"256 GiB\""),
        key("ffmpeg", "absolute path", ""),
    ],
};
pub(super) const SHOW: Section = Section {
    title: "[show.NAME]",
    keys: &[key("frame_rate", "rate", ""), key("color", "table", ""), key("guardrails", "list of packs", "")],
};
pub(super) const COLOR: Section = Section {
    title: "[show.NAME.color]",
    keys: &[
        key("aces", "\"1.3\" or \"2.0\"", "\"2.0\""),
        key("working", "colour space", "\"ACEScct\""),
        key("source", "colour space", ""),
    ],
};
pub(super) const FOLDER: Section = Section {
    title: "[[folder]]",
    keys: &[
        key("name", "name", ""),
        key("show", "name of a show", ""),
        key("kind", "camera, sound or look", "\"camera\""),
        key("path", "absolute path", ""),
        key("output", "absolute path", ""),
        key("receipts", "absolute path", ""),
        key("ready", "quiet or marker", "\"quiet\""),
        key("marker", "file name or glob", ""),
        key("quiet", "duration", ""),
        key("scan_every", "duration", "\"5m\""),
        key("mode", "octal mode", "\"0664\""),
        key("group", "group name or number", ""),
        key("watch", "auto, events or poll", "\"auto\""),
        key("ignore", "list of globs", "[]"),
        key("hashes", "list of hash kinds", "[]"),
        key("rule", "list of tables", ""),
        later("mhl_wait", "use ready = \"quiet\" or ready = \"marker\""),
    ],
};
pub(super) const RULE: Section = Section {
    title: "[[folder.rule]]",
    keys: &[
        key("name", "name", ""),
        key("when", "condition", ""),
        key("emit", "list of recipes", ""),
        key("priority", "urgent, high, normal, low or idle", "\"normal\""),
        key("executor", "local", "\"local\""),
    ],
};
pub(super) const RECIPE: Section = Section {
    title: "[recipe.NAME]",
    keys: &[
        key("kind", "sidecar, plate, still, contact-sheet or proxy", ""),
        key("formats", "list of json, ale", ""),
        key("name", "name template", ""),
        key("format", "exr, dpx, jpeg or png", ""),
        key("color", "colour space, or source", ""),
        key("source", "colour space", ""),
        key("source_range", "video or full", ""),
        key("cdl", "path", ""),
        key("cdl_id", "text", ""),
        key("cdl_space", "colour space", "\"ACEScct\""),
        key("lut", "path", ""),
        key("lut_input", "colour space", ""),
        key("lut_output", "colour space", "\"Camera Rec.709\""),
        key("fit", "table", ""),
        key("compression", "none, zips, zip or piz", "\"zip\""),
        key("bits", "8, 10 or 16", ""),
        key("first_frame", "whole number, or source", "1001"),
        key("plate", "whole number", "1"),
        key("quality", "whole number", ""),
        key("frame", "first, middle, last or a whole number", "\"middle\""),
        key("columns", "whole number", "5"),
        key("rows", "whole number", "4"),
        key("codec", "h264 or prores", "\"h264\""),
        key("profile", "proxy, lt, standard or hq", "\"proxy\""),
        key("crf", "whole number", "18"),
        key("audio", "true or false", "true"),
        key("frame_rate", "rate", ""),
        later("framing", "use `fit`, which scales the whole source"),
    ],
};
pub(super) const FIT: Section = Section {
    title: "[recipe.NAME.fit]",
    keys: &[
        key("width", "whole number", ""),
        key("height", "whole number", ""),
        key("filter", "lanczos3, catmull-rom, mitchell, bilinear, box or nearest", "\"lanczos3\""),
        key("square", "true or false", ""),
    ],
};
pub(super) const PACK: Section = Section {
    title: "a guardrail pack",
    keys: &[key("kinds", "list of folder kinds", "[]"), key("check", "list of tables", "")],
};
pub(super) const CHECK: Section = Section {
    title: "[[check]]",
    keys: &[
        key("code", "code of a check", ""),
        key("severity", "info, warn, hold, refuse or off", ""),
        key("overridable", "true or false", "true"),
        key("when", "condition", ""),
        key("fields", "list of fields", ""),
    ],
};

/// Every table of a configuration and of a guardrail pack.
pub const SHAPE: &[Section] = &[TOP, SERVICE, ENGINE, PICTURES, SHOW, COLOR, FOLDER, RULE, RECIPE, FIT, PACK, CHECK];
