//! Shader templates: WGSL that is valid as it stands, with slots that are filled.

use std::collections::BTreeSet;
use std::fmt::Write;
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

/// Reads the words of the parameter block that a text names by number before it, into variables: what
/// declares them, and the text with them. In a loop, lavapipe spends as much on a word, which all lanes
/// share, as on a vec4 of one lane.
pub(super) fn hoist(text: &str) -> (String, String) {
    let mut numbers = BTreeSet::new();
    let mut parts = text.split("word(");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let known = part
            .split_once("u)")
            .and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest)));
        match known {
            Some((number, rest)) => {
                numbers.insert(number);
                let _ = write!(out, "word{number}{rest}");
            }
            // Its number is computed.
            None => out += &format!("word({part}"),
        }
    }
    let declare = |n: usize| format!("    let word{n} = word({n}u);\n");
    (numbers.into_iter().map(declare).collect(), out)
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
        if let Some(item) = items.iter().find(|item| item.name == name) {
            wanted.push(name);
            queue.extend(names(&item.text));
        }
    }
    let used = items.iter().filter(|item| wanted.contains(&item.name));
    used.map(|item| item.text.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Characters that the copies of a program may have together, with all that they call, for it to be
/// repeated and not looped over.
const LONG: usize = 16_000;

/// Whether a program, so many times over, is too long for compilers that inline every call, as those of
/// software adapters do: they take time in the square of what is left.
pub(super) fn too_long(program: &str, times: usize) -> bool {
    times * inlined(program) > LONG
}

/// Characters of a program with all that it calls, as often as it does.
pub(super) fn inlined(program: &str) -> usize {
    let items = items();
    let calls = names(program).filter_map(|name| items.iter().find(|item| item.name == name));
    program.len() + calls.map(|item| item.inlined).sum::<usize>()
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

/// A function, constant or struct of the library.
struct Item {
    name: &'static str,
    text: String,
    /// [`inlined`] of its text.
    inlined: usize,
}

/// The library's items in order. An item starts with a keyword in the first column and ends with a line
/// from the first column that closes it.
fn items() -> &'static [Item] {
    static ITEMS: OnceLock<Vec<Item>> = OnceLock::new();
    ITEMS.get_or_init(|| {
        let mut items: Vec<Item> = Vec::new();
        let mut open = false;
        for line in math::WGSL.lines() {
            let starts = ["fn ", "const ", "struct "]
                .iter()
                .any(|s| line.starts_with(s));
            if !open && starts {
                items.push(Item {
                    name: names(line).next().unwrap_or_default(),
                    text: String::new(),
                    inlined: 0,
                });
                open = true;
            }
            if open && let Some(item) = items.last_mut() {
                item.text.push_str(line);
                item.text.push('\n');
                open = line.starts_with(' ') || line.is_empty() || !line.ends_with(['}', ';']);
            }
        }
        for i in 0..items.len() {
            items[i].inlined = inlined_item(&items, i);
        }
        items
    })
}

/// WGSL has no recursion: this ends.
fn inlined_item(items: &[Item], i: usize) -> usize {
    let called = |name| items.iter().position(|item| item.name == name);
    let calls = names(&items[i].text).filter_map(called).filter(|c| *c != i);
    items[i].text.len() + calls.map(|c| inlined_item(items, c)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_named_by_number_are_read_once() {
        let (words, text) = hoist("a = word(7u) + word(13u + d) * word(7u) - word(2u);");
        let declared = "    let word2 = word(2u);\n    let word7 = word(7u);\n";
        assert_eq!(words, declared);
        assert_eq!(text, "a = word7 + word(13u + d) * word7 - word2;");
        assert_eq!(hoist("b[i] = 0.0;").0, "");
    }

    #[test]
    fn calls_count_as_often_as_they_are_made() {
        let text = |name| {
            items()
                .iter()
                .find(|i| i.name == name)
                .map(|i| i.text.len())
        };
        let [rest, abs] = ["tw_rem_u32", "tw_magnitude_bits"].map(|n| text(n).unwrap_or_default());
        assert!(rest > 0 && abs > 0);
        let program = "tw_rem_u32(tw_rem_u32(x, y), y)";
        assert_eq!(inlined(program), program.len() + 2 * rest);
        // A function brings what it calls, once more for each call of its own.
        assert!(inlined("tw_rem(x, y)") > 2 * abs + inlined("tw_divide(x, y)"));
        assert_eq!(inlined("x + y"), 5);
        assert!(too_long("tw_rem(x, y)", 100) && !too_long("tw_rem(x, y)", 1));
    }
}
