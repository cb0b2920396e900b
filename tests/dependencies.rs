//! Holds the promises about the package itself: few dependencies, the stated Rust version and
//! licence, data with its origin, a tidy top level.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Default features may add this many crates to those that wgpu brings.
const MOST_MORE_THAN_WGPU: usize = 45;

/// The `name version` of every crate that a build needs, as `cargo tree` sees them.
///
/// Without the network first: whoever runs this has just built the crate, so that Cargo has all
/// it needs, except (as some Cargo versions look further) crates of other platforms.
fn crates(package: &str) -> BTreeSet<String> {
    let tree = |offline: &[&str]| {
        Command::new(env!("CARGO"))
            .args([
                "tree",
                "--package",
                package,
                "--edges",
                "normal,build",
                "--prefix",
                "none",
                "--locked",
            ])
            .args(offline)
            .current_dir(ROOT)
            .output()
            .expect("cargo runs")
    };
    let mut output = tree(&["--offline"]);
    if !output.status.success() {
        output = tree(&[]);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo tree --package {package} failed:\n{errors}"
    );
    let text = String::from_utf8(output.stdout).expect("cargo tree prints UTF-8");
    // A line is `name v1.2.3`, then perhaps a path, `(proc-macro)` or `(*)`.
    let crate_of = |line: &str| {
        line.split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines()
        .filter(|line| !line.is_empty())
        .map(crate_of)
        .collect()
}

fn read(file: &str) -> String {
    let path = Path::new(ROOT).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The value of `key = "value"` in the `[package]` table of Cargo.toml.
fn manifest(key: &str) -> String {
    let text = read("Cargo.toml");
    let package = text.split("\n[").next().expect("split gives one part");
    let line = package.lines().find(|line| {
        line.split('=')
            .next()
            .is_some_and(|name| name.trim() == key)
    });
    let line = line.unwrap_or_else(|| panic!("Cargo.toml has no {key}"));
    line.split('"')
        .nth(1)
        .unwrap_or_else(|| panic!("Cargo.toml: {key} is no string"))
        .to_owned()
}

#[test]
fn default_features_stay_light() {
    let wgpu = crates("wgpu@30");
    let mut all = crates(concat!("tilewise@", env!("CARGO_PKG_VERSION")));
    all.retain(|name| !name.starts_with("tilewise "));
    assert!(
        wgpu.len() > 20,
        "cargo tree found only {} crates in wgpu",
        wgpu.len()
    );
    assert!(wgpu.is_subset(&all), "wgpu's crates are part of the tree");

    let more: Vec<&str> = all.difference(&wgpu).map(String::as_str).collect();
    println!(
        "wgpu brings {} crates, tilewise {} more: {}",
        wgpu.len(),
        more.len(),
        more.join(", ")
    );
    assert!(
        more.len() <= MOST_MORE_THAN_WGPU,
        "{} crates more than wgpu's {}, at most {MOST_MORE_THAN_WGPU} are allowed: {}",
        more.len(),
        wgpu.len(),
        more.join(", ")
    );
}

/// Each direct dependency earns its place in `docs/architecture.md`.
#[test]
fn dependencies_are_justified() {
    let text = read("Cargo.toml");
    let docs = read("docs/architecture.md");
    let mut table = "";
    let mut seen = 0;
    for line in text.lines() {
        if line.starts_with('[') {
            table = line;
        } else if matches!(table, "[dependencies]" | "[dev-dependencies]")
            && line.contains('=')
            && !line.starts_with('#')
        {
            let name = line.split('=').next().expect("split gives one part").trim();
            assert!(
                docs.contains(&format!("| `{name}` |")),
                "docs/architecture.md has no row for {name}"
            );
            seen += 1;
        }
    }
    assert!(seen > 5, "found only {seen} dependencies in Cargo.toml");
}

#[test]
fn the_stated_rust_version_is_the_manifest_s() {
    let version = manifest("rust-version");
    assert!(
        read("README.md").contains(&format!("Rust {version}")),
        "README.md names another version than {version}"
    );
}

#[test]
fn licences_are_there() {
    assert_eq!(manifest("license"), "MIT OR Apache-2.0");
    assert!(read("LICENSE-MIT").contains("Permission is hereby granted, free of charge"));
    assert!(read("LICENSE-APACHE").contains("Version 2.0, January 2004"));
}

#[test]
fn data_names_its_origin() {
    let about = read("data/README.md");
    for entry in std::fs::read_dir(Path::new(ROOT).join("data")).expect("data/ is there") {
        let name = entry
            .expect("a readable entry")
            .file_name()
            .into_string()
            .expect("an ASCII name");
        assert!(
            name == "README.md" || about.contains(&format!("| `{name}` |")),
            "data/README.md has no row for {name}"
        );
    }
}

/// What is committed at the top level; a new entry is a decision, made by adding it here.
#[test]
fn the_top_level_is_tidy() {
    const ENTRIES: &[&str] = &[
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "check",
        "clippy.toml",
        "data",
        "docs",
        "examples",
        "shaders",
        "src",
        "tests",
    ];
    let git = Command::new("git")
        .args(["ls-tree", "--name-only", "HEAD"])
        .current_dir(ROOT)
        .output();
    // A package from crates.io is no checkout: nothing to say there.
    let Ok(output) = git else { return };
    if !output.status.success() || !Path::new(ROOT).join(".git").exists() {
        return;
    }
    for name in String::from_utf8_lossy(&output.stdout).lines() {
        assert!(
            name.starts_with('.') || ENTRIES.contains(&name),
            "unexpected at the top level: {name}"
        );
    }
}
