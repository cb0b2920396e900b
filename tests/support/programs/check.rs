//! Running a program two ways, and the smallest program where they differ.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tilewise::{Device, Tensor};

use super::draw::{Draw, Options};
use super::program::{Input, Line, run, text};

/// What a program is run on: as a whole on one device, call by call on the other.
pub(crate) struct Pair<'a> {
    pub(crate) whole: &'a Device,
    pub(crate) single: &'a Device,
    /// Where programs are drawn.
    pub(crate) plain: &'a Device,
}

/// The name of a call, and whether it is an error of the user.
pub(crate) type Call = (&'static str, bool);

/// Draws the program of a seed and runs it both ways: its calls, each with whether it is one that fails; or
/// what differs and the smallest program where something does.
pub(crate) fn check(seed: u64, options: Options, pair: &Pair) -> Result<Vec<Call>, String> {
    let drawn = caught(|| Draw::program(seed, options, pair.plain));
    let (lines, slots) = drawn.map_err(|why| format!("seed {seed} cannot be drawn: {why}"))?;
    let mut lines: Vec<Rc<Line>> = lines.into_iter().map(Rc::new).collect();
    let Err(first) = compare(&lines, slots, pair) else {
        return Ok(lines.iter().filter_map(|line| line.call()).collect());
    };
    let whole = text(&lines);
    shrink(&mut lines, slots, pair);
    let why = compare(&lines, slots, pair).err().unwrap_or_default();
    let small = text(&lines);
    Err(format!(
        "seed {seed}: {why}\n{small}(at first: {first}; the whole program:)\n{whole}"
    ))
}

/// Runs a program both ways; what differs.
fn compare(lines: &[Rc<Line>], slots: usize, pair: &Pair) -> Result<(), String> {
    caught(|| {
        let whole = run(lines, slots, pair.whole, false)?;
        let single = run(lines, slots, pair.single, true)?;
        for (slot, both) in whole.iter().zip(&single).enumerate() {
            if let (Some(a), Some(b)) = both {
                same(a, b).map_err(|why| format!("v{slot}: {why}"))?;
            }
        }
        Ok::<(), String>(())
    })
}

/// What a panic says is an error like any other.
fn caught<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
}

/// Whether two tensors have the same shape, dtype and bits; any NaN is as good as another.
fn same(a: &Tensor, b: &Tensor) -> Result<(), String> {
    if (a.shape(), a.dtype()) != (b.shape(), b.dtype()) {
        let of = |t: &Tensor| format!("{} {:?}", t.dtype(), t.shape());
        return Err(format!("{} and {}", of(a), of(b)));
    }
    let read = |t: &Tensor| t.to_vec::<f64>().map_err(|e| format!("reading fails: {e}"));
    let (x, y) = (read(a)?, read(b)?);
    let equal = |x: f64, y: f64| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
    match x.iter().zip(&y).position(|(&x, &y)| !equal(x, y)) {
        None => Ok(()),
        Some(at) => Err(format!("{} and {} at {at}:\n{x:?}\n{y:?}", x[at], y[at])),
    }
}

/// Leaves out lines, with what depends on them, and puts values in the place of calls, while the program
/// fails.
fn shrink(lines: &mut Vec<Rc<Line>>, slots: usize, pair: &Pair) {
    let mut before = usize::MAX;
    while lines.len() < before {
        before = lines.len();
        let mut at = lines.len();
        while at > 0 {
            at = at.min(lines.len()) - 1;
            let less = without(lines, at);
            if compare(&less, slots, pair).is_err() {
                *lines = less;
                continue;
            }
            let Some(inputs) = values(lines, at, slots, pair.plain) else {
                continue;
            };
            let mut other = lines.clone();
            other.splice(at..=at, inputs);
            if compare(&other, slots, pair).is_err() {
                *lines = other;
            }
        }
    }
}

/// The lines without one, and without those that need it.
fn without(lines: &[Rc<Line>], at: usize) -> Vec<Rc<Line>> {
    let mut gone = lines[at].writes().to_vec();
    let mut left = lines[..at].to_vec();
    for line in &lines[at + 1..] {
        if line.reads().iter().any(|slot| gone.contains(slot)) {
            gone.extend(line.writes());
        } else {
            left.push(line.clone());
        }
    }
    left
}

/// What a call gives, as values from the host.
fn values(lines: &[Rc<Line>], at: usize, slots: usize, device: &Device) -> Option<Vec<Rc<Line>>> {
    let Line::Call {
        slots: written,
        fails: None,
        ..
    } = &*lines[at]
    else {
        return None;
    };
    let all = run(&lines[..=at], slots, device, true).ok()?;
    let input = |&slot: &usize| {
        // Gradients flow through calls only.
        let tensor = all[slot].as_ref().filter(|t| !t.is_tracked())?;
        let input = Input {
            shape: tensor.shape().to_vec(),
            dtype: tensor.dtype(),
            values: tensor.to_vec().ok()?,
        };
        Some(Rc::new(Line::Input { slot, input }))
    };
    written.iter().map(input).collect()
}
