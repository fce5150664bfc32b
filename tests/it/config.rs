//! Configuration: errors (golden files), shipped files, hostile input, paths, reload.

use rushes::config::{self, Diagnostic, Level, SHAPE, load};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod fields;
mod formats;
mod hints;
mod hostile;
mod paths;

fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Writes a configuration into a new folder and loads it.
fn try_text(text: impl AsRef<[u8]>) -> (tempfile::TempDir, Result<config::Loaded, Vec<Diagnostic>>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rushes.toml");
    std::fs::write(&file, text).unwrap();
    let got = load(&file);
    (dir, got)
}

fn all(list: &[Diagnostic]) -> String {
    list.iter().fold(String::new(), |mut t, d| {
        writeln!(t, "{d}").unwrap();
        t
    })
}

/// Every `tests/golden/config/*.toml` yields exactly the text beside it. `RUSHES_BLESS=1` writes them.
#[test]
fn golden_mistakes() {
    let dir = repo("tests/golden/config");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "{}", files.len());
    let mut wrong = String::new();
    for file in files {
        let (config, list) = match load(&file) {
            Ok(l) => ("accepted", l.warnings),
            Err(e) => ("refused", e),
        };
        let mut text = format!("{config}\n\n");
        for d in &list {
            let shown = d.render(false).replace(&format!("{}/", dir.display()), "");
            writeln!(text, "{}\n", shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")).unwrap();
        }
        let golden = file.with_extension("txt");
        if std::env::var_os("RUSHES_BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        let want = std::fs::read_to_string(&golden).unwrap_or_default();
        if want != text {
            writeln!(wrong, "=== {}\n{text}", file.display()).unwrap();
        }
    }
    assert_eq!(wrong, "", "differs from the golden files");
}

#[test]
fn one_file_with_five_mistakes_yields_five_errors() {
    let (_dir, got) = try_text(
        "[service]\nlog = \"loud\"\n[engine]\nworkers = -1\n[show.s]\nframe_rat = \"24/1\"\n\
         [[folder]]\nname = \"a\"\nshow = \"t\"\npath = \"/nonexistent/a\"\noutput = \"/nonexistent/b\"\nquiet = \"ten\"\n",
    );
    let errors = got.unwrap_err();
    assert_eq!(errors.iter().filter(|d| d.severity == Level::Error).count(), 5, "{}", all(&errors));
    let places: Vec<_> = errors.iter().filter(|d| d.severity == Level::Error).map(|d| (d.line, d.column)).collect();
    let want = [(2, 7), (4, 11), (6, 1), (9, 8), (12, 9)].map(|(l, c)| (Some(l), Some(c)));
    assert_eq!(places, want, "{}", all(&errors));
}

#[test]
fn diagnostics_are_json_too() {
    let (_dir, got) = try_text("[service]\nlogg = \"info\"\n");
    let json = serde_json::to_value(got.unwrap_err()).unwrap();
    let first = &json[0];
    assert_eq!(first["severity"], "error");
    assert_eq!(first["line"], 2);
    assert_eq!(first["column"], 1);
    assert_eq!(first["suggestion"], "did you mean `log`?");
    assert!(first["file"].as_str().unwrap().ends_with("rushes.toml"));
    assert_eq!(first.as_object().unwrap().len(), 6);
}

#[test]
fn shipped_files_load() {
    for file in ["config/rushes.toml", "config/examples/demo.toml", "config/examples/house.toml"] {
        let got = load(&repo(file)).unwrap_or_else(|e| panic!("{file}: {}", all(&e)));
        println!("{file}: {} folders, {} warnings", got.config.folders.len(), got.warnings.len());
        assert_eq!(got.config.hash.len(), 32);
    }
    let house = load(&repo("config/examples/house.toml")).unwrap().config;
    assert_eq!(house.sources.len(), 2);
    let ocf = house.folder("senna-ocf").unwrap();
    assert_eq!(ocf.rules.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["default", "avid"]);
    assert_eq!(ocf.rules[1].emit[1].template.as_ref().unwrap().source(), "ale/{reel}/{clip}");
    assert_eq!(ocf.mode, 0o664);
    assert_eq!(ocf.guardrails.len(), 4);
}

/// `config/rushes.toml` with its comments taken off is a whole configuration.
#[test]
fn the_commented_defaults_are_valid() {
    let text = std::fs::read_to_string(repo("config/rushes.toml")).unwrap();
    let open: String = text
        .lines()
        .map(|l| l.strip_prefix("# ").filter(|r| r.starts_with('[') || r.contains(" = ")).unwrap_or(l))
        .map(|l| if l.starts_with("marker") || l.starts_with("group") { "" } else { l })
        .fold(String::new(), |t, l| t + l + "\n");
    let (_dir, got) = try_text(&open);
    let got = got.unwrap_or_else(|e| panic!("{}\n{open}", all(&e)));
    assert_eq!(got.config.folders.len(), 1);
    assert_eq!(got.config.folders[0].rules.len(), 2);
}

/// The example of the contract, without what this version does not have.
#[test]
fn the_contracts_example_loads() {
    let (dir, got) = try_text(
        r#"
[service]
state_dir = "/var/lib/rushes"
control   = "/run/rushes/control.sock"
include   = ["shows/*.toml"]

[engine]
workers = 0

[show.senna]
frame_rate = "24000/1001"
color   = { aces = "2.0", working = "ACEScct" }
guardrails = ["rushes:camera"]

[[folder]]
name = "ocf"
show = "senna"
kind = "camera"
path = "/mnt/san/senna/ocf"
output = "/mnt/san/senna/out"
ready = "quiet"
quiet = "10s"
scan_every = "5m"
mode = "0664"
watch = "auto"

[[folder.rule]]
name = "dailies"
when = 'camera.make == "ARRI" && image.width >= 3840'
emit = ["sidecar", "ale"]
priority = "normal"
executor = "local"
"#,
    );
    let got = got.unwrap_or_else(|e| panic!("{}", all(&e)));
    drop(dir);
    let f = &got.config.folders[0];
    assert_eq!((f.quiet, f.scan_every), (Some(Duration::from_secs(10)), Duration::from_secs(300)));
    assert_eq!(got.config.shows["senna"].frame_rate.unwrap().to_string(), "24000/1001");
}

#[test]
fn every_key_is_specified_and_shown() {
    let spec = std::fs::read_to_string(repo("config/README.md")).unwrap();
    let shown = std::fs::read_to_string(repo("config/rushes.toml")).unwrap();
    for section in SHAPE {
        for key in section.keys {
            if section.title == "the file" {
                assert!(spec.contains(&format!("[{}", key.name)), "{} {}", section.title, key.name);
                continue;
            }
            if key.later.is_some() && section.title == "[recipe.NAME]" {
                assert!(spec.contains("recipes of the kinds `trim`"));
                continue; // parameters of recipes that do not exist yet
            }
            let title = spec.find(&format!("`{}`", section.title)).or_else(|| spec.find("Guardrail packs")).unwrap();
            let row = if key.later.is_some() { key.name.to_owned() } else { format!("\n| `{}` |", key.name) };
            assert!(spec[title..].contains(&row), "config/README.md lacks {} in {}", key.name, section.title);
            let in_pack = section.title == "a guardrail pack"
                || section.title == "[[check]]"
                || section.title.ends_with("color]");
            if key.later.is_none() && !in_pack && key.name != "rule" {
                let written = shown.lines().any(|l| {
                    let l = l.trim_start_matches(['#', ' ']);
                    l.split_once('=').is_some_and(|(k, _)| k.trim() == key.name)
                });
                assert!(written, "config/rushes.toml lacks {} of {}", key.name, section.title);
                assert!(shown.contains(key.default), "config/rushes.toml lacks the default of {}", key.name);
            }
        }
    }
}

const BASE: &str =
    "[show.s]\n[[folder]]\nname = \"a\"\nshow = \"s\"\npath = \"/nonexistent/in\"\noutput = \"/nonexistent/out\"\n";

#[test]
fn the_hash_is_of_the_settings_not_of_the_text() {
    let (_a, one) = try_text(BASE);
    let (_b, two) = try_text(format!("# a comment\n{BASE}quiet = \"10s\"\n").replace("\"10s\"", "\"10s\" # same"));
    let (_c, three) = try_text(BASE.replace("name = \"a\"\nshow = \"s\"", "show = \"s\"\n\nname = 'a'"));
    let (one, two, three) = (one.unwrap().config, two.unwrap().config, three.unwrap().config);
    assert_eq!(one.hash, three.hash);
    assert_ne!(one.hash, two.hash);
    let changes = config::differences(&one, &two);
    assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["folder.a.quiet"]);
    assert_eq!(config::differences(&one, &three), []);
}

#[test]
fn differences_name_what_changed_and_what_needs_a_restart() {
    let (_a, one) = try_text(BASE);
    let rule = "[[folder.rule]]\nname = \"r\"\nemit = [\"ale\"]\n";
    let more = BASE.replace("\"a\"", "\"b\"").replace("[show.s]", "").replace("/nonexistent", "/nonexistent2");
    let (_b, two) =
        try_text(format!("[service]\nlog = \"debug\"\nstate_dir = \"/nonexistent/state\"\n{BASE}{rule}{more}"));
    let changes = config::differences(&one.unwrap().config, &two.unwrap().config);
    let got: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(got, ["folder.a.rules.r added", "folder.b added", "service.log", "service.state_dir (needs a restart)"]);
}

#[test]
fn shows_may_be_files_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    std::fs::create_dir(dir.path().join("shows")).unwrap();
    write("main.toml", "[service]\ninclude = [\"shows/*.toml\", \"shows/a.toml\"]\n");
    write("shows/a.toml", BASE);
    write("shows/.hidden.toml", "nonsense");
    let got = load(&dir.path().join("main.toml")).unwrap_or_else(|e| panic!("{}", all(&e)));
    assert_eq!(got.config.sources.len(), 2);

    // the same show and folder again, a section that does not belong, an include of an include
    write("shows/b.toml", &format!("[service]\ninclude = [\"*.toml\"]\n{BASE}"));
    write("main.toml", "[service]\ninclude = [\"shows/*.toml\", \"shows/none.toml\", \"x/**/y\", \"nothing*\"]\n");
    let text = all(&load(&dir.path().join("main.toml")).unwrap_err());
    for part in [
        "b.toml:3:7: error: the show `s` is already given in",
        "shows/a.toml:1",
        "b.toml:5:8: error: the folder name `a` is already used in",
        "b.toml:7:8: error: the watched path of folder \"a\" is already the watched path of the other folder \"a\"",
        "error: [service] belongs in the main file",
        "the included file `shows/none.toml` does not exist",
        "`**` is not offered",
        "warning: no file matches `nothing*`",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn packs_of_the_house_are_checked_in_their_own_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("house.toml"), "[[check]]\ncode = \"CLIP-GAPS\"\nwhen = 'image.widht > 1'\n")
        .unwrap();
    let main = dir.path().join("main.toml");
    std::fs::write(
        &main,
        BASE.replace("[show.s]", "[show.s]\nguardrails = [\"house.toml\", \"rushes:camra\", \"none.toml\"]"),
    )
    .unwrap();
    let text = all(&load(&main).unwrap_err());
    for part in [
        "house.toml:2:8: error: there is no check `CLIP-GAPS`; did you mean \"CLIP-GAP\"?",
        "house.toml:3:9: error: the schema rushes.clip/1 has no field `image.widht`; did you mean `image.width`?",
        "main.toml:2:29: error: there is no guardrail pack `rushes:camra`; did you mean \"rushes:camera\"?",
        "main.toml:2:45: error: cannot read the guardrail pack `none.toml`: No such file",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

fn within(limit: Duration, what: &str, f: impl FnOnce()) {
    let start = Instant::now();
    f();
    let took = start.elapsed();
    println!("{what}: {took:?}");
    assert!(took < limit, "{what} took {took:?}");
}
