//! Random programs: planned as a whole and call by call they give the same bits, on every device.

use std::fmt::Write;

use tilewise::{DType, Device, Dim, Result, Shape, SliceSpec, Tensor};

/// Numbers that a seed determines (Steele et al., "Fast splittable pseudorandom number generators").
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// What stays alive of a program, and its text.
struct Outcome {
    values: Vec<Tensor>,
    text: String,
}

/// Runs the program of a seed, calling `after` behind each call. All values are small integers, so
/// that sums do not depend on their order.
fn run(seed: u64, device: &Device, after: &dyn Fn() -> Result<()>) -> Result<Outcome> {
    let mut random = SplitMix(seed);
    let mut values: Vec<Tensor> = Vec::new();
    let mut text = String::new();
    for i in 0..3 {
        let rank = random.below(3) + 1;
        let shape: Shape = (0..rank)
            .map(|_| [1, 2, 3, 5, 8][random.below(5)])
            .collect();
        let data: Vec<f32> = (0..shape.size())
            .map(|_| random.below(7) as f32 - 3.0)
            .collect();
        let _ = writeln!(text, "v{i} = {shape}");
        values.push(Tensor::from_slice(&data, shape, device)?);
    }
    let calls = 5 + random.below(40);
    for _ in 0..calls {
        let (a, b) = (random.below(values.len()), random.below(values.len()));
        let choice = random.below(22);
        let Some((name, result)) = step(choice, &values[a], &values[b], &mut random)? else {
            continue;
        };
        if result.size() > 4000 || result.ndim() > 5 {
            continue;
        }
        // Kept small: products grow otherwise.
        let result = if choice < 12 {
            result
        } else {
            result.remainder(8)?
        };
        let _ = writeln!(
            text,
            "v{} = {name}(v{a}, v{b}): {}",
            values.len(),
            Shape::new(result.shape())?
        );
        values.push(result);
        after()?;
        // Some values die, so that not everything has to be stored.
        if random.below(3) == 0 {
            let gone = random.below(values.len());
            let scalar = Tensor::from_slice(&[gone as f32 % 4.0], [1], device)?;
            let _ = writeln!(text, "drop v{gone}");
            values[gone] = scalar;
        }
    }
    Ok(Outcome { values, text })
}

/// One call; `None` where the operands do not fit it.
fn step(
    choice: usize,
    a: &Tensor,
    b: &Tensor,
    random: &mut SplitMix,
) -> Result<Option<(&'static str, Tensor)>> {
    let axis = random.below(a.ndim().max(1)) as isize;
    let fits = a.eq(b).is_ok();
    let some = a.ndim() > 0 && a.size() > 0;
    Ok(Some(match choice {
        0 if some => ("flip", a.flip(axis)?),
        1 => ("t", a.t()),
        2 if a.ndim() < 5 => (
            "unsqueeze",
            a.unsqueeze(random.below(a.ndim() + 1) as isize)?,
        ),
        3 => ("squeeze_all", a.squeeze_all()),
        4 => ("flatten", a.reshape(-1)?),
        5 if some => {
            let size = a.shape()[axis as usize];
            let start = random.below(size);
            let step = [1, 2, -1][random.below(3)];
            let spec = Dim::Range(Some(start as isize), None, step);
            let mut entries = vec![Dim::Range(None, None, 1); axis as usize];
            entries.push(spec);
            ("slice", a.slice(SliceSpec(entries))?)
        }
        6 if a.ndim() < 4 => {
            let shape: Shape = [2].into_iter().chain(a.shape().iter().copied()).collect();
            ("broadcast_to", a.broadcast_to(shape)?)
        }
        7 if some => ("max", a.max(axis)?),
        8 if some => ("argmin", a.argmin_keepdims(axis)?.to_dtype(DType::F32)),
        9 => ("relu", a.relu()),
        10 if fits => ("maximum", a.maximum(b)?),
        11 if fits => ("select", a.gt(b)?.select(a, b)?),
        12 if fits => ("add", a + b),
        13 if fits => ("sub", a - b),
        14 if fits => ("mul", a * b),
        15 => ("scale", a * (random.below(5) as f32 - 2.0)),
        16 => ("shift", a + random.below(9) as f32),
        17 if some => ("sum", a.sum(axis)?),
        18 if some => ("sum all", a.sum(..)?),
        19 if a.ndim() > 0 && b.ndim() > 0 => match a.matmul(b).or_else(|_| a.matmul(&b.t())) {
            Ok(product) => ("matmul", product),
            Err(_) => return Ok(None),
        },
        20 if some && b.ndim() > 0 => {
            let index = b
                .reshape(-1)?
                .abs()
                .remainder(a.shape()[axis as usize] as i32)?;
            (
                "index_select",
                a.index_select(axis, &index.to_dtype(DType::I32))?,
            )
        }
        21 if some => {
            let flipped = a.flip(axis)?;
            ("concat", Tensor::concat(&[a, &flipped, a], axis)?)
        }
        _ => return Ok(None),
    }))
}

/// Runs the programs of the seeds as a whole on one device and call by call on another; panics
/// with the program where the results differ.
pub(crate) fn check(seeds: std::ops::Range<u64>, whole: &Device, single: &Device) -> Result<()> {
    for seed in seeds {
        let fused = run(seed, whole, &|| Ok(()))?;
        let plan = whole.explain();
        let plain = run(seed, single, &|| single.flush())?;
        assert_eq!(fused.text, plain.text);
        for (i, (a, b)) in fused.values.iter().zip(&plain.values).enumerate() {
            let (a, b) = (a.to_vec::<f64>()?, b.to_vec::<f64>()?);
            let same = a.iter().zip(&b).all(|(a, b)| a == b);
            assert!(
                same,
                "seed {seed}, v{i}:\n{}\n{plan}\n{a:?}\n{b:?}",
                fused.text
            );
        }
    }
    Ok(())
}
