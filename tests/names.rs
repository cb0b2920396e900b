//! The table of names in `docs/numpy.md` is kept: each row has a test, and names methods that exist.

use std::collections::HashSet;

use crate::all;

tests![rows_have_tests];

/// Modules of tests that a feature brings, by the feature's name, and whether it is on.
const FEATURES: [(&str, bool); 4] = [
    ("csv", cfg!(feature = "csv")),
    ("image", cfg!(feature = "image")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("npy", cfg!(feature = "npy")),
];

/// The columns of a row: NumPy's name, PyTorch's, ours, what differs, the test.
const COLUMNS: usize = 5;

fn rows_have_tests() {
    let page = include_str!("../docs/numpy.md");
    let everywhere: HashSet<String> = all()
        .iter()
        .filter(|test| test.runs_everywhere())
        .map(|test| test.name().to_owned())
        .collect();
    let mut rows = 0;
    for (at, line) in page.lines().enumerate() {
        let is_row = line.starts_with("| `") || line.starts_with("| – |");
        if !is_row {
            continue;
        }
        let place = format!("docs/numpy.md:{}: {line}", at + 1);
        // A bar inside code is written as \\|.
        let line = line.replace("\\|", " ");
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), COLUMNS, "columns of {place}");
        rows += 1;
        // What a feature brings is tested with it.
        if cells[3].starts_with("*linalg*") && cfg!(not(feature = "linalg")) {
            continue;
        }
        let tests: Vec<&str> = cells[4].split(", ").map(|t| t.trim_matches('`')).collect();
        for test in tests {
            let module = test.split("::").next().unwrap_or_default();
            if FEATURES.contains(&(module, false)) {
                continue;
            }
            assert!(
                everywhere.contains(test),
                "no test {test:?} that runs on each device: {place}"
            );
        }
    }
    assert!(rows > 0, "docs/numpy.md has no rows");
}
