//! A program as a list of calls, and running it.

use std::fmt::Write;
use std::rc::Rc;

use tilewise::{DType, Device, Error, Result, Tensor, f16};

/// What a call does with its operands.
pub(super) type Run = Box<dyn Fn(&[&Tensor]) -> Result<Vec<Tensor>>>;

/// A line of a program. Tensors are named by slots, each of which is written once.
pub(super) enum Line {
    /// Values from the host.
    Input { slot: usize, input: Input },
    /// A call of the library, with bounds on its results; it fails with this kind of error, or not.
    Call {
        name: &'static str,
        args: Vec<usize>,
        text: String,
        run: Run,
        slots: Vec<usize>,
        fails: Option<String>,
    },
    /// A handle goes.
    Drop(usize),
}

/// Values from the host, as f64, of a dtype that holds them.
#[derive(Clone)]
pub(super) struct Input {
    pub(super) shape: Vec<usize>,
    pub(super) dtype: DType,
    pub(super) values: Vec<f64>,
}

impl Input {
    pub(super) fn tensor(&self, device: &Device) -> Result<Tensor> {
        let (values, shape) = (&self.values, &self.shape[..]);
        match self.dtype {
            DType::F32 => Tensor::from_slice(&each(values, |v| v as f32), shape, device),
            DType::F16 => Tensor::from_slice(&each(values, f16::from_f64), shape, device),
            DType::I32 => Tensor::from_slice(&each(values, |v| v as i32), shape, device),
            DType::U32 => Tensor::from_slice(&each(values, |v| v as u32), shape, device),
            _ => Tensor::from_slice(&each(values, |v| v != 0.0), shape, device),
        }
    }
}

fn each<T>(values: &[f64], to: impl Fn(f64) -> T) -> Vec<T> {
    values.iter().map(|&v| to(v)).collect()
}

impl Line {
    /// The slots that the line writes.
    pub(super) fn writes(&self) -> &[usize] {
        match self {
            Line::Input { slot, .. } => std::slice::from_ref(slot),
            Line::Call { slots, .. } => slots,
            Line::Drop(_) => &[],
        }
    }

    /// The name of the call, and whether it must fail.
    pub(super) fn call(&self) -> Option<(&'static str, bool)> {
        match self {
            Line::Call { name, fails, .. } => Some((name, fails.is_some())),
            _ => None,
        }
    }

    /// The slots that the line needs.
    pub(super) fn reads(&self) -> &[usize] {
        match self {
            Line::Input { .. } => &[],
            Line::Call { args, .. } => args,
            Line::Drop(slot) => std::slice::from_ref(slot),
        }
    }
}

/// Runs lines, and gives what the slots hold at the end, or the line that did not fail as it should or failed
/// as it should not. `flush` runs each call by itself.
pub(super) fn run(
    lines: &[Rc<Line>],
    slots: usize,
    device: &Device,
    flush: bool,
) -> Result<Vec<Option<Tensor>>, String> {
    let mut values: Vec<Option<Tensor>> = vec![None; slots];
    for line in lines {
        match &**line {
            Line::Input { slot, input } => {
                let tensor = input.tensor(device).map_err(|e| format!("input: {e}"))?;
                values[*slot] = Some(tensor);
            }
            Line::Drop(slot) => values[*slot] = None,
            Line::Call {
                name,
                args,
                run,
                slots,
                fails,
                ..
            } => {
                let given: Option<Vec<&Tensor>> =
                    args.iter().map(|&slot| values[slot].as_ref()).collect();
                let given = given.ok_or_else(|| format!("{name} lacks an operand"))?;
                let result = run(&given).and_then(|results| {
                    if flush {
                        device.flush()?;
                    }
                    Ok(results)
                });
                match (result, fails) {
                    (Ok(results), None) => {
                        for (&slot, tensor) in slots.iter().zip(results) {
                            values[slot] = Some(tensor);
                        }
                    }
                    (Err(error), Some(kind)) if kind_of(&error) == *kind => {}
                    (Ok(_), Some(kind)) => return Err(format!("{name} must fail with {kind}")),
                    (Err(error), _) => return Err(format!("{name} fails: {error}")),
                }
            }
        }
    }
    Ok(values)
}

/// The name of an error's kind.
pub(super) fn kind_of(error: &Error) -> String {
    let kind = format!("{:?}", error.kind());
    let end = kind.find(|c: char| !c.is_alphanumeric());
    kind[..end.unwrap_or(kind.len())].to_owned()
}

/// The text of a program.
pub(super) fn text(lines: &[Rc<Line>]) -> String {
    let mut text = String::new();
    for line in lines {
        let _ = match &**line {
            Line::Input { slot, input } => {
                let Input {
                    shape,
                    dtype,
                    values,
                } = input;
                writeln!(text, "v{slot} = {dtype} {shape:?} {values:?}")
            }
            Line::Call {
                name,
                args,
                text: rest,
                slots,
                fails,
                ..
            } => {
                let names = |slots: &[usize]| {
                    let each: Vec<String> = slots.iter().map(|s| format!("v{s}")).collect();
                    each.join(", ")
                };
                let fails = fails
                    .as_ref()
                    .map_or(String::new(), |k| format!("  fails: {k}"));
                let (to, from) = (names(slots), names(args));
                writeln!(text, "{to} = {name}({from}){rest}{fails}")
            }
            Line::Drop(slot) => writeln!(text, "drop v{slot}"),
        };
    }
    text
}
