//! Times the functions of the NumPy surface (docs/numpy.md) on the CPU executor at about a million
//! elements, beside NumPy, SciPy or PyTorch in the same run, where Python has them.
//!
//!     cargo bench --bench surface --features linalg [-- --markdown] [part of a name or family …]
//!
//! The two take turns, each while the other rests, so that a noisy machine disturbs both; the figures are
//! medians. Each result is computed and stored; what NumPy gives as a view costs nothing on either side and is
//! not listed.
//! `PYTHON` names another Python than `python3`.

mod cases;
#[cfg(feature = "linalg")]
mod decompositions;
mod elementwise;
mod indexing;
mod inputs;
mod joining;
mod linalg;
mod order;
mod python;
mod random;
mod reductions;
mod signal;

use std::time::{Duration, Instant};

use tilewise::prelude::*;

use self::cases::Case;
use self::inputs::Inputs;
use self::python::Python;

/// Turns that each side takes, at least and at most.
const ROUNDS: std::ops::Range<usize> = 3..15;
/// Runs in a turn.
const RUNS: usize = 3;
/// The time after which no further turn is taken.
const ENOUGH: Duration = Duration::from_millis(150);

/// NumPy is slower where its time over ours is below this.
const AS_FAST: f64 = 0.95;
/// The same for sorts and decompositions.
const ALLOWED: f64 = 0.8;

/// The cases by family, and by how much they may be slower.
fn families() -> Vec<(&'static str, f64, Vec<Case>)> {
    vec![
        ("indexing", AS_FAST, indexing::cases()),
        ("joining", AS_FAST, joining::cases()),
        ("order", AS_FAST, order::cases()),
        ("elementwise", AS_FAST, elementwise::cases()),
        ("reductions", AS_FAST, reductions::cases()),
        ("linalg", AS_FAST, linalg::cases()),
        #[cfg(feature = "linalg")]
        ("decompositions", ALLOWED, decompositions::cases()),
        ("signal", AS_FAST, signal::cases()),
        ("random", AS_FAST, random::cases()),
    ]
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The medians of both sides' times in seconds, or why Python has none.
fn measure(
    case: &Case,
    inputs: &Inputs,
    python: &mut Option<Python>,
) -> Result<(f64, std::result::Result<f64, String>)> {
    let (mut ours, mut theirs, mut missing) = (Vec::new(), Vec::new(), None);
    let start = Instant::now();
    // Once without being timed: a plan is made, pages are mapped, a module is loaded.
    (case.run)(inputs)?;
    inputs.dev.synchronize()?;
    if let Some(python) = python {
        missing = python.times(1, case.numpy).err();
    }
    for round in 0..ROUNDS.end {
        if round >= ROUNDS.start && start.elapsed() > ENOUGH {
            break;
        }
        if let (Some(python), None) = (&mut *python, &missing) {
            match python.times(RUNS, case.numpy) {
                Ok(times) => theirs.extend(times),
                Err(reason) => missing = Some(reason),
            }
        }
        for _ in 0..RUNS {
            let start = Instant::now();
            let result = (case.run)(inputs)?;
            inputs.dev.synchronize()?;
            ours.push(start.elapsed().as_secs_f64());
            drop(result);
        }
    }
    let theirs = match missing {
        None if theirs.is_empty() => Err("–".into()),
        None => Ok(median(&mut theirs)),
        Some(reason) => Err(reason),
    };
    Ok((median(&mut ours), theirs))
}

/// A time with three digits.
fn time(seconds: f64) -> String {
    let ms = 1e3 * seconds;
    let decimals = (2 - ms.log10().floor() as i32).clamp(0, 4) as usize;
    format!("{ms:.decimals$}")
}

fn main() -> Result<()> {
    let (options, wanted): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let markdown = options.iter().any(|option| option == "--markdown");
    let dev = Device::cpu();
    let inputs = Inputs::new(&dev)?;
    let mut python = Python::start();
    match &python {
        Some(python) => println!("NumPy {}", python.version),
        None => println!("no NumPy: set PYTHON to a Python that has it"),
    }
    if markdown {
        println!("\n| function | tilewise, ms | other, ms | ratio |\n|---|---:|---:|---:|");
    } else {
        println!(
            "{:<28} {:>8} {:>8} {:>6}",
            "ms", "tilewise", "other", "ratio"
        );
    }
    // Beside NumPy and SciPy, and beside PyTorch.
    let mut compared = [0; 2];
    let mut slower = [Vec::new(), Vec::new()];
    for (family, least, cases) in families() {
        for case in cases {
            let chosen = |w: &String| case.name.contains(w.as_str()) || family == w;
            if !wanted.is_empty() && !wanted.iter().any(chosen) {
                continue;
            }
            let (ours, theirs) = measure(&case, &inputs, &mut python)?;
            let least = if case.sorts { ALLOWED } else { least };
            let (peer, ratio) = match theirs {
                Err(reason) => (reason, String::new()),
                Ok(theirs) => {
                    let ratio = theirs / ours;
                    let peer = usize::from(case.beside_torch());
                    compared[peer] += 1;
                    if ratio < least {
                        slower[peer].push(case.name);
                    }
                    (time(theirs), format!("{ratio:.2}"))
                }
            };
            let (name, ours) = (case.name, time(ours));
            if markdown {
                let mark = if case.beside_torch() {
                    " (PyTorch)"
                } else {
                    ""
                };
                println!("| {name} | {ours} | {peer}{mark} | {ratio} |");
            } else {
                println!("{name:<28} {ours:>8} {peer:>8} {ratio:>6}");
            }
        }
    }
    println!();
    for ((peer, compared), slower) in ["NumPy or SciPy", "PyTorch"]
        .iter()
        .zip(compared)
        .zip(slower)
    {
        let (count, names) = (slower.len(), slower.join(", "));
        println!("{count} of {compared} are slower than {peer}: {names}");
    }
    Ok(())
}
