//! Drawing a program: each call is run at once on a device that says what it gives, so that the next one can
//! be drawn to fit.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tilewise::{DType, Device, Result, Tensor};

use super::program::{Input, Line, Run, kind_of};
use super::steps::{self, Step};

/// Numbers that a seed determines (Steele et al., "Fast splittable pseudorandom number generators").
pub(super) struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Halves too.
    pub(crate) halves: bool,
    /// Functions whose results depend on the device.
    pub(crate) inexact: bool,
    /// At most so many calls.
    pub(crate) calls: usize,
    /// Only calls of this name but for one in four.
    pub(crate) only: Option<&'static str>,
}

/// How a call's results relate to its operands, by which they are bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// Elements of the operands, places, truths: nothing grows.
    Keep,
    /// Sums: taken modulo 8.
    Grow,
    /// Products: modulo 8, and whole numbers where the fractions would become too fine.
    Product,
    /// Whole numbers modulo 8, whatever it was.
    Whole,
    /// What gradients are taken of.
    Variable,
    /// A gradient: as `Grow`, if it is exact; else the call is not drawn.
    Gradient,
}

/// A tensor that is there.
struct Value {
    tensor: Tensor,
    /// Bits behind the point.
    fraction: u32,
    /// Bits that a gradient through the calls from a variable to here may take.
    depth: u32,
}

/// A program while it is drawn.
pub(super) struct Draw<'a> {
    random: SplitMix,
    device: &'a Device,
    options: Options,
    values: Vec<Option<Value>>,
    pub(super) lines: Vec<Line>,
    special: bool,
    largest: usize,
    /// Slots of variables, in a program that takes gradients.
    variables: Option<Vec<usize>>,
    args: Vec<usize>,
    text: String,
}

/// The most elements of a value; and in one of 50 programs, for which work is shared among threads.
const LARGEST: usize = 3000;
const LARGE: usize = 150_000;

impl<'a> Draw<'a> {
    /// The program of a seed, and the slots it has.
    pub(super) fn program(
        seed: u64,
        options: Options,
        device: &'a Device,
    ) -> Result<(Vec<Line>, usize)> {
        let mut draw = Self {
            random: SplitMix(seed),
            device,
            options,
            values: Vec::new(),
            lines: Vec::new(),
            special: false,
            largest: LARGEST,
            variables: None,
            args: Vec::new(),
            text: String::new(),
        };
        draw.special = draw.once_in(8);
        if draw.once_in(50) {
            draw.largest = LARGE;
        }
        if draw.once_in(3) {
            draw.variables = Some(Vec::new());
        }
        let steps = steps::all();
        for _ in 0..2 + draw.below(2) {
            let shape = draw.shape();
            draw.input(shape)?;
        }
        let calls = 2 + draw.below(options.calls.max(3) - 2);
        let mut tries = 0;
        let mut drawn = 0;
        while drawn < calls && tries < 12 * calls {
            tries += 1;
            let mut step = steps[draw.below(steps.len())];
            if let Some(only) = options.only
                && draw.below(4) > 0
            {
                step = steps.iter().find(|s| s.name == only).unwrap_or(&step);
            }
            if draw.variables.is_some() && draw.once_in(3) {
                let gradients = [steps::VARIABLE, steps::BACKWARD, steps::BACKWARD];
                step = gradients[draw.below(3)];
            }
            drawn += draw.call(step)? as usize;
            if draw.below(4) == 0 {
                draw.drop_one();
            }
        }
        let slots = draw.values.len();
        Ok((draw.lines, slots))
    }

    /// Draws and runs a call; false where its operands are not there, or its results are of no use.
    fn call(&mut self, step: &Step) -> Result<bool> {
        if step.inexact && !self.options.inexact {
            return Ok(false);
        }
        (self.args, self.text) = (Vec::new(), String::new());
        let Some(run) = (step.draw)(self) else {
            return Ok(false);
        };
        let args = std::mem::take(&mut self.args);
        let given = args.iter().map(|&slot| self.value(slot));
        let (mut fraction, mut depth) = (0, 0);
        for value in given {
            depth = depth.max(value.depth);
            fraction = match step.class {
                Class::Product => fraction + value.fraction,
                _ => fraction.max(value.fraction),
            };
        }
        let whole = step.class == Class::Whole || fraction > 4;
        depth += match step.class {
            Class::Product => 5,
            Class::Grow => 2,
            _ => 0,
        };
        if step.class == Class::Gradient && depth > 12 {
            return Ok(false);
        }
        let class = step.class;
        let run: Run = Box::new(move |v| {
            let results = run(v)?;
            results
                .into_iter()
                .map(|t| bounded(t, class, whole))
                .collect()
        });
        let tensors: Vec<&Tensor> = args.iter().map(|&slot| &self.value(slot).tensor).collect();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let results = run(&tensors)?;
            self.device.flush()?;
            Ok(results)
        }));
        let (results, fails) = match ran {
            Ok(Ok(results)) => (results, None),
            Ok(Err(error)) => (vec![], Some(kind_of(&error))),
            // No kind that an error has: it is told when the program is run.
            Err(_) => (vec![], Some("a panic".into())),
        };
        let largest = self.largest;
        let large = |t: &Tensor| t.size() > largest || t.ndim() > 6;
        if results.iter().any(large) || class == Class::Gradient && !exact(&results)? {
            return Ok(false);
        }
        if whole {
            fraction = 0;
        }
        let first = self.values.len();
        if step.class == Class::Variable
            && let Some(variables) = &mut self.variables
        {
            variables.push(first);
        }
        for tensor in results {
            self.text += &format!("  # {} {:?}", tensor.dtype(), tensor.shape());
            self.values.push(Some(Value {
                tensor,
                fraction,
                depth,
            }));
        }
        self.lines.push(Line::Call {
            name: step.name,
            args,
            text: std::mem::take(&mut self.text),
            run,
            slots: (first..self.values.len()).collect(),
            fails,
        });
        Ok(true)
    }

    fn value(&self, slot: usize) -> &Value {
        self.values[slot].as_ref().expect("a slot that is alive")
    }

    fn drop_one(&mut self) {
        let alive = self.alive(|_| true);
        if alive.len() > 2 {
            let slot = alive[self.below(alive.len())];
            self.values[slot] = None;
            self.lines.push(Line::Drop(slot));
        }
    }

    fn alive(&self, fits: impl Fn(&Tensor) -> bool) -> Vec<usize> {
        let alive = |slot: &usize| {
            let value = self.values[*slot].as_ref();
            value.is_some_and(|value| fits(&value.tensor))
        };
        (0..self.values.len()).filter(alive).collect()
    }

    // What steps draw with.

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.random.next() % n.max(1) as u64) as usize
    }

    /// Once in `n` times.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Notes what a call is given besides tensors.
    pub(super) fn note<T: Debug>(&mut self, value: T) -> T {
        self.text += &format!(" {value:?}");
        value
    }

    /// One of several.
    pub(super) fn pick<T: Copy + Debug>(&mut self, of: &[T]) -> T {
        let value = of[self.below(of.len())];
        self.note(value)
    }

    /// A number from a range, noted.
    pub(super) fn number(&mut self, low: isize, high: isize) -> isize {
        let value = low + self.below((high - low) as usize) as isize;
        self.note(value)
    }

    /// An operand that fits, of those that are alive; late ones more often.
    pub(super) fn operand(&mut self, fits: impl Fn(&Tensor) -> bool) -> Option<Tensor> {
        let alive = self.alive(fits);
        let n = alive.len();
        if n == 0 {
            return None;
        }
        let at = self.below(n).max(self.below(n));
        self.args.push(alive[at]);
        Some(self.value(alive[at]).tensor.clone())
    }

    /// Any operand.
    pub(super) fn any(&mut self) -> Option<Tensor> {
        self.operand(|_| true)
    }

    /// An operand of numbers.
    pub(super) fn numbers(&mut self) -> Option<Tensor> {
        self.operand(|t| t.dtype() != DType::Bool)
    }

    /// A float operand.
    pub(super) fn float(&mut self) -> Option<Tensor> {
        self.operand(|t| matches!(t.dtype(), DType::F32 | DType::F16))
    }

    /// A variable that is alive.
    pub(super) fn variable(&mut self) -> Option<()> {
        let variables = self.variables.as_ref()?.iter().copied();
        let alive: Vec<usize> = variables
            .filter(|&slot| self.values[slot].is_some())
            .collect();
        let at = self.below(alive.len());
        self.args.push(*alive.get(at)?);
        Some(())
    }

    /// An operand with an axis, and the axis; seldom one that it does not have.
    pub(super) fn along(&mut self) -> Option<(Tensor, isize)> {
        let t = self.operand(|t| t.ndim() > 0)?;
        let axis = self.axis(&t);
        Some((t, axis))
    }

    /// An axis of a tensor; seldom one that it does not have.
    pub(super) fn axis(&mut self, t: &Tensor) -> isize {
        let n = t.ndim() as isize;
        if self.once_in(80) {
            return self.pick(&[n, -n - 1]);
        }
        self.number(-n, n.max(1 - n))
    }

    /// An operand that broadcasts with a tensor (seldom one that need not), made if there is none.
    pub(super) fn partner(&mut self, of: &Tensor) -> Option<Tensor> {
        if self.once_in(60) {
            return self.any();
        }
        let shape = of.shape().to_vec();
        let fits = |t: &Tensor| Tensor::broadcast_shapes(&[&shape, t.shape()]).is_ok();
        if !self.once_in(3)
            && let Some(t) = self.operand(fits)
        {
            return Some(t);
        }
        let mut shape = shape;
        for size in &mut shape {
            if self.once_in(3) {
                *size = 1;
            }
        }
        if self.once_in(3) && !shape.is_empty() {
            shape.remove(0);
        }
        let slot = self.input(shape).ok()?;
        self.args.push(slot);
        Some(self.value(slot).tensor.clone())
    }

    /// An operand of a shape.
    pub(super) fn of_shape(&mut self, shape: &[usize]) -> Option<Tensor> {
        if self.once_in(2)
            && let Some(t) = self.operand(|t| t.shape() == shape)
        {
            return Some(t);
        }
        let slot = self.input(shape.to_vec()).ok()?;
        self.args.push(slot);
        Some(self.value(slot).tensor.clone())
    }

    /// A size of an axis.
    pub(super) fn size(&mut self) -> usize {
        const SIZES: [usize; 14] = [1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 17];
        if self.once_in(30) {
            return 0;
        }
        SIZES[self.below(SIZES.len())]
    }

    /// A shape of rank 0 to 5.
    pub(super) fn shape(&mut self) -> Vec<usize> {
        let rank = [0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5][self.below(12)];
        let mut shape: Vec<usize> = (0..rank).map(|_| self.size()).collect();
        if self.once_in(20) && rank > 0 {
            shape = vec![[33, 64, 65, 130, 257, 1030][self.below(6)]];
        }
        if self.largest == LARGE && self.once_in(3) {
            let at = self.below(4);
            shape = [&[5000][..], &[70_001], &[3, 20_001], &[300, 257]][at].to_vec();
        }
        while shape.iter().product::<usize>() > self.largest / 3 {
            shape.pop();
        }
        shape
    }

    /// Values from the host in a slot of their own.
    fn input(&mut self, shape: Vec<usize>) -> Result<usize> {
        use DType::{Bool, F16, F32, I32, U32};
        let mut dtype = [F32, F32, F32, F32, I32, I32, U32, F16, F16, Bool][self.below(10)];
        if dtype == F16 && !self.options.halves {
            dtype = F32;
        }
        let size: usize = shape.iter().product();
        let float = matches!(dtype, F32 | F16);
        let quarters = float && self.once_in(4);
        let special = float && self.special && self.once_in(2);
        let mut values = Vec::with_capacity(size);
        for _ in 0..size {
            let whole = self.below(15) as f64 - 7.0;
            values.push(match dtype {
                Bool => (whole > 0.0) as u32 as f64,
                U32 => whole.abs(),
                _ if special && self.once_in(6) => {
                    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0][self.below(4)]
                }
                _ if quarters => whole / 4.0,
                _ => whole,
            });
        }
        let input = Input {
            shape,
            dtype,
            values,
        };
        let slot = self.values.len();
        self.values.push(Some(Value {
            tensor: input.tensor(self.device)?,
            fraction: if quarters { 2 } else { 0 },
            depth: 0,
        }));
        self.lines.push(Line::Input { slot, input });
        Ok(slot)
    }
}

/// A result, so bounded that what follows is exact.
fn bounded(t: Tensor, class: Class, whole: bool) -> Result<Tensor> {
    let float = matches!(t.dtype(), DType::F32 | DType::F16);
    if t.dtype() == DType::Bool || matches!(class, Class::Keep | Class::Variable) && !whole {
        return Ok(t);
    }
    let t = if whole && float { t.floor() } else { t };
    match class {
        Class::Keep | Class::Variable => Ok(t),
        _ => t.remainder(8),
    }
}

/// Whether gradients are such that no sum within can have been rounded.
fn exact(gradients: &[Tensor]) -> Result<bool> {
    for gradient in gradients {
        let values = gradient.to_vec::<f64>()?;
        let fits = |v: &f64| v.abs() <= 512.0 && (v * 4.0).fract() == 0.0;
        if !values.iter().all(fits) {
            return Ok(false);
        }
    }
    Ok(true)
}
