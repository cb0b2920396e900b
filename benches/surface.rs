//! Times the functions of the NumPy surface on the CPU executor at about a million elements, beside NumPy
//! in the same run where Python has it.
//!
//!     cargo bench --bench surface [-- part of a name …]
//!
//! The two take turns, so that a noisy machine disturbs both; the figures are medians. Each result is
//! computed and stored; what NumPy gives as a view costs nothing on either side and is not listed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use tilewise::prelude::*;

/// Turns that each side takes, and runs in a turn.
const ROUNDS: usize = 5;
const RUNS: usize = 3;

/// The operands; those of surface.py have the same names and distributions.
struct Inputs {
    x: Tensor,
    y: Tensor,
    m: Tensor,
    i: Tensor,
    small: Tensor,
    mask: Tensor,
}

impl Inputs {
    fn new(dev: &Device) -> Result<Self> {
        let n = 1 << 20;
        let mut generator = Generator::new(1);
        let x = generator.normal([n], dev)?;
        Ok(Self {
            m: x.reshape([1024, 1024])?,
            y: generator.normal([n], dev)?,
            i: generator.integers(0, n as i64, [n], dev)?,
            small: generator.integers(0, 1000, [n], dev)?,
            mask: x.gt(0.0)?,
            x,
        })
    }
}

/// A function, its name, and what NumPy calls it.
struct Case {
    name: &'static str,
    numpy: &'static str,
    run: fn(&Inputs) -> Result<Tensor>,
}

const fn case(name: &'static str, numpy: &'static str, run: fn(&Inputs) -> Result<Tensor>) -> Case {
    Case { name, numpy, run }
}

fn cases() -> Vec<Case> {
    vec![
        case("take", "np.take(x, i)", |a| a.x.take(&a.i, 0)),
        case("take rows", "np.take(m, small[:1024], 0)", |a| {
            a.m.take(&a.small.slice(s![..1024])?, 0)
        }),
        case(
            "take_along_axis",
            "np.take_along_axis(m, small.reshape(1024, 1024), 1)",
            |a| a.m.take_along_axis(&a.small.reshape([1024, 1024])?, 1),
        ),
        case("at", "m[small, small]", |a| a.m.at(&[&a.small, &a.small])),
        case("index_put", "exec c = x.copy(); c[i] = y", |a| {
            a.x.index_put(&[&a.i], &a.y)
        }),
        case("index_add", "exec c = x.copy(); np.add.at(c, i, y)", |a| {
            a.x.index_add(&[&a.i], &a.y)
        }),
        case(
            "scatter_max",
            "exec c = x.copy(); np.maximum.at(c, i, y)",
            |a| a.x.scatter_max(0, &a.i, &a.y),
        ),
        case("searchsorted", "np.searchsorted(s, y)", |a| {
            a.x.searchsorted(&a.y, false)
        }),
        case("bincount", "np.bincount(small)", |a| {
            a.small.bincount(None, 0)
        }),
        case("bincount, weights", "np.bincount(small, y)", |a| {
            a.small.bincount(Some(&a.y), 0)
        }),
        case("histogram", "np.histogram(x, 100)", |a| {
            Ok(a.x.histogram(100, None)?.0)
        }),
        case("flatnonzero", "np.flatnonzero(mask)", |a| {
            a.mask.flatnonzero()
        }),
        case("masked_select", "x[mask]", |a| a.x.masked_select(&a.mask)),
        case("select", "np.where(mask, x, y)", |a| {
            a.mask.select(&a.x, &a.y)
        }),
    ]
}

/// Python with NumPy.
struct Python {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/surface.py");
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut from = BufReader::new(child.stdout.take()?);
        let mut version = String::new();
        from.read_line(&mut version).ok()?;
        if version.is_empty() {
            return None;
        }
        println!("NumPy {}", version.trim());
        let to = child.stdin.take()?;
        Some(Self { child, to, from })
    }

    /// The times of some runs in seconds.
    fn times(&mut self, expression: &str) -> std::result::Result<Vec<f64>, String> {
        let mut answer = String::new();
        writeln!(self.to, "{RUNS}\t{expression}").map_err(|e| e.to_string())?;
        self.from
            .read_line(&mut answer)
            .map_err(|e| e.to_string())?;
        let times: std::result::Result<Vec<f64>, _> =
            answer.split_whitespace().map(str::parse).collect();
        times.map_err(|_| answer.trim().into())
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let dev = Device::cpu();
    let inputs = Inputs::new(&dev)?;
    let mut python = Python::start();
    if python.is_none() {
        println!("no NumPy: set PYTHON to a Python that has it");
    }
    println!(
        "{:<24} {:>10} {:>10} {:>7}",
        "", "tilewise", "NumPy", "ratio"
    );
    for case in cases() {
        if !wanted.is_empty() && !wanted.iter().any(|w| case.name.contains(w.as_str())) {
            continue;
        }
        let (mut ours, mut theirs, mut missing) = (Vec::new(), Vec::new(), None);
        for _ in 0..ROUNDS {
            if let Some(python) = &mut python {
                match python.times(case.numpy) {
                    Ok(times) => theirs.extend(times),
                    Err(reason) => missing = Some(reason),
                }
            }
            for _ in 0..RUNS {
                let start = Instant::now();
                let result = (case.run)(&inputs)?;
                dev.synchronize()?;
                ours.push(start.elapsed().as_secs_f64());
                drop(result);
            }
        }
        let ours = 1e3 * median(&mut ours);
        print!("{:<24} {ours:>7.2} ms", case.name);
        match missing {
            None if theirs.is_empty() => println!(),
            Some(reason) => println!("  {reason}"),
            None => {
                let theirs = 1e3 * median(&mut theirs);
                println!(" {theirs:>7.2} ms {:>7.2}", theirs / ours);
            }
        }
    }
    Ok(())
}
