//! Shader templates: WGSL that is valid as it stands, with slots that are filled.

use std::sync::OnceLock;

use crate::op::math;

/// Replaces the slots of a template. A slot is the lines from `//[name` to `//]`.
pub(super) fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 4096);
    let mut skipping = false;
    for line in template.lines() {
        let trimmed = line.trim_start();
        if let Some(name) = trimmed.strip_prefix("//[") {
            if let Some((_, text)) = slots.iter().find(|(slot, _)| *slot == name) {
                skipping = true;
                out.push_str(text);
                if !text.ends_with('\n') {
                    out.push('\n');
                }
            }
        } else if trimmed == "//]" {
            skipping = false;
        } else if !skipping {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The functions and constants of the shader library that a text uses, directly or through others.
pub(super) fn library(text: &str) -> String {
    let items = items();
    let mut wanted: Vec<&str> = Vec::new();
    let mut queue: Vec<&str> = names(text).collect();
    while let Some(name) = queue.pop() {
        if wanted.contains(&name) {
            continue;
        }
        if let Some((_, body)) = items.iter().find(|(n, _)| *n == name) {
            wanted.push(name);
            queue.extend(names(body));
        }
    }
    let used = items.iter().filter(|(name, _)| wanted.contains(name));
    used.map(|(_, body)| body.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_ours(word: &str) -> bool {
    ["tw_", "TW_", "Tw"]
        .iter()
        .any(|prefix| word.starts_with(prefix))
}

/// The identifiers of the library in a text: they start with `tw_`, `TW_` or `Tw`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| is_ours(word))
}

/// The library's items in order, each with its name. An item starts with a keyword in the first column
/// and ends with a line from the first column that closes it.
fn items() -> &'static [(&'static str, String)] {
    static ITEMS: OnceLock<Vec<(&'static str, String)>> = OnceLock::new();
    ITEMS.get_or_init(|| {
        let mut items: Vec<(&'static str, String)> = Vec::new();
        let mut open = false;
        for line in math::WGSL.lines() {
            let starts = ["fn ", "const ", "struct "]
                .iter()
                .any(|s| line.starts_with(s));
            if !open && starts {
                items.push((names(line).next().unwrap_or_default(), String::new()));
                open = true;
            }
            if open && let Some((_, body)) = items.last_mut() {
                body.push_str(line);
                body.push('\n');
                open = line.starts_with(' ') || line.is_empty() || !line.ends_with(['}', ';']);
            }
        }
        items
    })
}
