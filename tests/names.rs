//! The table of names in `docs/numpy.md` is kept: each row has a test, and names methods that exist.

use std::collections::HashSet;

use crate::all;

mod calls;
pub(crate) mod edges;

tests![rows_have_tests, functions_are_called_at_the_edges];

/// Modules of tests that a feature brings, by the feature's name, and whether it is on.
const FEATURES: [(&str, bool); 4] = [
    ("csv", cfg!(feature = "csv")),
    ("image", cfg!(feature = "image")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("npy", cfg!(feature = "npy")),
];

/// The columns of a row: NumPy's name, PyTorch's, ours, what differs, the test.
const COLUMNS: usize = 5;

/// Sections about what is no function of tensors; their tests have edges of their own kind.
const OTHERS: [&str; 2] = ["Random numbers", "Conversion, files and printing"];

/// Functions whose edges are in tests of their own.
const OWN: [(&str, &str); 40] = [
    ("zeros_like", "convert::constants_like"),
    ("ones_like", "convert::constants_like"),
    ("full_like", "convert::constants_like"),
    ("clone", "a copy of the handle"),
    (
        "contiguous",
        "each call at the edges is of contiguous and of other tensors",
    ),
    ("set", "assign::set, a rebinding `slice_assign`"),
    ("set_where", "assign::set_where, a rebinding `masked_fill`"),
    ("set_at", "places::index_put, a rebinding `index_put`"),
    ("add_at", "places::index_add, a rebinding `index_add`"),
    ("quantile_with", "statistics::golden"),
    ("percentile_with", "statistics::golden"),
    ("histogram_density", "places::histogram"),
    ("norm_keepdims", "norms::edges"),
    ("matrix_power", "products::golden, decompose::errors"),
    ("solve", "decompose::golden, decompose::errors"),
    ("inv", "decompose::golden, decompose::errors"),
    ("pinv", "decompose::golden, decompose::errors"),
    ("lstsq", "decompose::golden, decompose::errors"),
    ("det", "decompose::golden, decompose::errors"),
    ("slogdet", "decompose::golden, decompose::errors"),
    ("matrix_rank", "decompose::golden, decompose::singular"),
    ("cholesky", "decompose::golden, decompose::errors"),
    ("qr", "decompose::factors, decompose::errors"),
    ("svd", "decompose::factors, decompose::errors"),
    ("svdvals", "decompose::golden, decompose::errors"),
    ("eigh", "decompose::factors, decompose::errors"),
    ("eigvalsh", "decompose::golden, decompose::errors"),
    ("convolve2d", "signal::golden, signal::errors"),
    ("conv1d", "signal::golden, signal::errors"),
    ("conv2d", "signal::golden, signal::errors"),
    ("conv_transpose1d", "signal::golden, signal::errors"),
    ("conv_transpose2d", "signal::golden, signal::errors"),
    ("max_pool1d", "signal::pooling, signal::pooling_edges"),
    ("max_pool2d", "signal::pooling, signal::pooling_edges"),
    ("avg_pool1d", "signal::pooling, signal::pooling_edges"),
    ("avg_pool2d", "signal::pooling, signal::pooling_edges"),
    ("result_type", "convert::promotion_is_as_the_page_says"),
    ("DType::promote", "convert::promotion_is_as_the_page_says"),
    ("DType::F16", "convert::f16_everywhere"),
    ("f16", "convert::f16_everywhere"),
];

/// A row of the page.
struct Row {
    /// The line's number and text, for messages.
    place: String,
    section: &'static str,
    /// NumPy's name, PyTorch's, ours, what differs, the test.
    cells: Vec<String>,
}

/// All rows of the page.
fn rows() -> Vec<Row> {
    let mut section = "";
    let mut rows = Vec::new();
    for (at, line) in include_str!("../docs/numpy.md").lines().enumerate() {
        section = line.strip_prefix("## ").unwrap_or(section);
        if !(line.starts_with("| `") || line.starts_with("| – |")) {
            continue;
        }
        let place = format!("docs/numpy.md:{}: {line}", at + 1);
        // A bar inside code is written as \\|.
        let line = line.replace("\\|", " ");
        let cells = line.trim_matches('|').split('|');
        let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
        assert_eq!(cells.len(), COLUMNS, "columns of {place}");
        rows.push(Row {
            place,
            section,
            cells,
        });
    }
    assert!(!rows.is_empty(), "docs/numpy.md has no rows");
    rows
}

/// What stands in backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn rows_have_tests() {
    let everywhere: HashSet<String> = all()
        .iter()
        .filter(|test| test.runs_everywhere())
        .map(|test| test.name().to_owned())
        .collect();
    for row in rows() {
        // What a feature brings is tested with it.
        if row.cells[3].starts_with("*linalg*") && cfg!(not(feature = "linalg")) {
            continue;
        }
        for test in quoted(&row.cells[4]) {
            let module = test.split("::").next().unwrap_or_default();
            if FEATURES.contains(&(module, false)) {
                continue;
            }
            assert!(
                everywhere.contains(test),
                "no test {test:?} that runs on each device: {}",
                row.place
            );
        }
    }
}

fn functions_are_called_at_the_edges() {
    let called = edges::names();
    let mut named = HashSet::new();
    for row in rows() {
        if OTHERS.contains(&row.section) {
            continue;
        }
        for name in quoted(&row.cells[2]) {
            // `Tensor::concat` and `at(&[&i, &j])` name `concat` and `at`; operators are the methods beside them.
            let name = name.trim_start_matches("Tensor::");
            let name = name.split('(').next().unwrap_or(name);
            let own = OWN.iter().any(|(own, _)| *own == name);
            let operator = !name
                .chars()
                .all(|c| c.is_alphanumeric() || "_:".contains(c));
            assert!(
                own || operator || called.contains(name),
                "{name} is not called at the edges: {}",
                row.place
            );
            assert!(
                !(own && called.contains(name)),
                "{name} is called, and listed"
            );
            named.insert(name.to_owned());
        }
    }
    let page: Vec<_> = called
        .iter()
        .filter(|name| !named.contains(*name))
        .collect();
    assert!(page.is_empty(), "functions that the page lacks: {page:?}");
}
