//! Random tensors: the bits of Philox, and what is made of them.

use std::collections::HashSet;

use tilewise::{DType, Device, Generator, Result, Tensor, s};

use crate::support::compare::assert_same;
use crate::support::golden::Golden;

tests![
    known_bits,
    streams,
    integers,
    permutation,
    distributions,
    choice,
    choice_by_weights,
    choice_edges,
    choice_errors,
    orders,
    same_on_all
];

/// Philox 4×32-10 by the rounds of the paper.
fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut c, mut k) = (counter, key);
    for _ in 0..10 {
        let a = c[0] as u64 * 0xD251_1F53;
        let b = c[2] as u64 * 0xCD9E_8D57;
        let high = |v: u64| (v >> 32) as u32;
        c = [
            high(b) ^ c[1] ^ k[0],
            b as u32,
            high(a) ^ c[3] ^ k[1],
            a as u32,
        ];
        k = [
            k[0].wrapping_add(0x9E37_79B9),
            k[1].wrapping_add(0xBB67_AE85),
        ];
    }
    c
}

/// Element i of draw n under a seed, as uniform numbers are made of it.
fn uniform(seed: u64, draw: u64, i: usize) -> f32 {
    let counter = [i as u32, 0, draw as u32, (draw >> 32) as u32];
    let word = philox(counter, [seed as u32, (seed >> 32) as u32])[0];
    (word >> 8) as f32 / (1 << 24) as f32
}

fn known_bits(device: &Device) -> Result<()> {
    let mut reachable = 0;
    for case in Golden::read("philox.txt").cases() {
        let quad = |key: &str| case.array(key).values::<u32>();
        let (counter, key, words) = (quad("counter"), quad("key"), quad("words"));
        let counter: [u32; 4] = counter.try_into().expect("four words");
        assert_eq!(
            philox(counter, [key[0], key[1]]).as_slice(),
            words,
            "{}",
            case.name
        );
        // Counters of early elements of early draws, as the device computes them.
        let [element, 0, draw, 0] = counter else {
            continue;
        };
        if element < 100 && draw < 100 {
            let mut generator = Generator::new(key[0] as u64 | (key[1] as u64) << 32);
            for _ in 0..draw {
                generator.uniform([1], device)?;
            }
            let x = generator.uniform([element as usize + 1], device)?;
            let got = x.to_vec::<f32>()?[element as usize];
            assert_eq!(
                got,
                (words[0] >> 8) as f32 / (1 << 24) as f32,
                "{}",
                case.name
            );
            reachable += 1;
        }
    }
    assert!(reachable >= 5);
    Ok(())
}

/// The same bits in any shape, through views, and whatever else is in the kernel.
fn streams(device: &Device) -> Result<()> {
    let seed = 0x1234_5678_9ABC_DEF0;
    let want: Vec<f32> = (0..1001).map(|i| uniform(seed, 1, i)).collect();
    let mut generator = Generator::new(seed);
    generator.normal([3], device)?;
    let x = generator.uniform([7, 11, 13], device)?;
    assert_same("uniform", &x.to_vec()?, &want);
    let mut generator = Generator::new(seed);
    generator.integers(0, 2, [3], device)?;
    let x = generator.uniform([7, 11, 13], device)?;
    let reversed: Vec<f32> = want.iter().rev().map(|v| v + 1.0).collect();
    let flipped = x.reshape([1001])?.flip(0)? + 1.0;
    assert_same("flipped", &flipped.to_vec()?, &reversed);
    // Inside a reduction, whose order differs from that of the elements.
    let mut generator = Generator::new(seed);
    generator.uniform([1], device)?;
    let sums = (generator.uniform([7, 143], device)? * 16777216.0)
        .to_dtype(DType::U32)
        .sum(0)?;
    let by_loops: Vec<u32> = (0..143)
        .map(|c| {
            (0..7)
                .map(|r| (want[r * 143 + c] * 16777216.0) as u32)
                .sum()
        })
        .collect();
    assert_same("column sums", &sums.to_vec()?, &by_loops);
    device.seed(seed);
    let first = Tensor::uniform([5], device)?.to_vec::<f32>()?;
    device.seed(seed);
    assert_eq!(Tensor::uniform([5], device)?.to_vec::<f32>()?, first);
    assert_ne!(Tensor::uniform([5], device)?.to_vec::<f32>()?, first);
    assert_eq!(Generator::new(1).uniform([0, 4], device)?.shape(), [0, 4]);
    Ok(())
}

fn integers(device: &Device) -> Result<()> {
    let mut generator = Generator::new(3);
    for (low, high) in [
        (-3, 4),
        (0, 1),
        (i32::MIN as i64, i32::MAX as i64 + 1),
        (5, 6),
    ] {
        let x: Vec<i64> = generator.integers(low, high, [2001], device)?.to_vec()?;
        assert!(x.iter().all(|v| (low..high).contains(v)), "{low}..{high}");
        if high - low == 7 {
            assert!((low..high).all(|v| x.iter().filter(|&&w| w == v).count() > 200));
        }
    }
    for (low, high) in [(3, 3), (4, 3), (0, 1 << 32)] {
        assert!(generator.integers(low, high, [1], device).is_err());
    }
    Ok(())
}

fn permutation(device: &Device) -> Result<()> {
    let x = Generator::new(5).permutation(1000, device)?;
    assert_eq!(x.dtype(), DType::U32);
    let mut order: Vec<u32> = x.to_vec()?;
    assert!(order.iter().enumerate().any(|(i, &v)| i as u32 != v));
    order.sort_unstable();
    assert_eq!(order, (0..1000).collect::<Vec<u32>>());
    assert_eq!(Generator::new(5).permutation(0, device)?.size(), 0);
    Ok(())
}

fn distributions(device: &Device) -> Result<()> {
    let n = 100_001;
    let mut generator = Generator::new(11);
    let moments = |x: Tensor| -> Result<(f64, f64, f64, f64)> {
        let x: Vec<f64> = x.to_vec()?;
        let mean = x.iter().sum::<f64>() / n as f64;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        let low = x.iter().cloned().fold(f64::INFINITY, f64::min);
        Ok((
            mean,
            variance,
            low,
            x.iter().cloned().fold(f64::NEG_INFINITY, f64::max),
        ))
    };
    // Bounds are of six standard errors.
    let (mean, variance, low, high) = moments(generator.uniform([n], device)?)?;
    assert!(
        (mean - 0.5).abs() < 6.0 * (1.0 / 12.0 / n as f64).sqrt(),
        "{mean}"
    );
    assert!(
        (variance - 1.0 / 12.0).abs() < 6.0 * (1.0 / 180.0 / n as f64).sqrt(),
        "{variance}"
    );
    assert!((0.0..0.001).contains(&low) && 0.999 < high && high < 1.0);
    let (mean, variance, low, high) = moments(generator.normal([n], device)?)?;
    assert!(mean.abs() < 6.0 / (n as f64).sqrt(), "{mean}");
    assert!(
        (variance - 1.0).abs() < 6.0 * (2.0 / n as f64).sqrt(),
        "{variance}"
    );
    assert!(low < -3.5 && high > 3.5 && low > -6.0 && high < 6.0);
    let (_, _, low, high) = moments(generator.uniform_in(-2.0, 3.0, [n], device)?)?;
    assert!((-2.0..-1.99).contains(&low) && 2.99 < high && high <= 3.0);
    assert!(generator.uniform_in(2.0, 1.0, [1], device).is_err());
    assert!(
        generator
            .uniform_in(0.0, f64::INFINITY, [1], device)
            .is_err()
    );
    Ok(())
}

/// How often each number below `n` is in the list.
fn occurrences(n: usize, drawn: &[u32]) -> Vec<f64> {
    let mut times = vec![0.0; n];
    for &i in drawn {
        times[i as usize] += 1.0;
    }
    times
}

/// Counts of independent draws, each within six standard errors of its chance.
#[track_caller]
fn assert_chances(what: &str, times: &[f64], chances: &[f64]) {
    let draws: f64 = times.iter().sum();
    for (i, (&got, &p)) in times.iter().zip(chances).enumerate() {
        let error = (draws * p * (1.0 - p)).sqrt();
        assert!(
            (got - draws * p).abs() <= 6.0 * error,
            "{what}: {i} was drawn {got} times of {draws}, with a chance of {p}"
        );
    }
}

fn choice(device: &Device) -> Result<()> {
    let mut generator = Generator::new(21);
    let drawn = generator.choice((7, device), [300, 67], true, None)?;
    assert_eq!((drawn.shape(), drawn.dtype()), (&[300, 67][..], DType::U32));
    let times = occurrences(7, &drawn.to_vec::<u32>()?);
    assert_chances("with replacement", &times, &[1.0 / 7.0; 7]);
    // None twice; all of them are a permutation, some of them any.
    let mut first = Vec::new();
    for _ in 0..40 {
        let drawn: Vec<u32> = generator
            .choice((1000, device), [50, 2], false, None)?
            .to_vec()?;
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 100);
        first.extend(drawn.iter().map(|i| i / 500));
    }
    assert_chances("halves", &occurrences(2, &first), &[0.5; 2]);
    let mut all: Vec<u32> = generator
        .choice((5000, device), 5000, false, None)?
        .to_vec()?;
    assert!(all.windows(2).any(|pair| pair[0] > pair[1]));
    all.sort_unstable();
    assert_eq!(all, (0..5000).collect::<Vec<u32>>());
    // Rows of a view; each draw is a row as it stands.
    let x = Tensor::arange(0.0, 24.0, 1.0, device)?.reshape([4, 6])?;
    let view = x.t().slice(s![..;-2, 1..])?;
    let rows = generator.choice(&view, [2, 5], true, None)?;
    assert_eq!(rows.shape(), [2, 5, 3]);
    let known: Vec<Vec<f32>> = view
        .to_vec::<f32>()?
        .chunks(3)
        .map(<[f32]>::to_vec)
        .collect();
    assert!(
        rows.to_vec::<f32>()?
            .chunks(3)
            .all(|row| known.iter().any(|k| k == row))
    );
    Ok(())
}

fn choice_by_weights(device: &Device) -> Result<()> {
    let mut generator = Generator::new(22);
    let weights = [3f32, 0.0, 1.0, 0.0, 4.0, 0.0];
    let given = Tensor::new(weights, device)?;
    let drawn = generator.choice((6, device), [20_001], true, Some(&given))?;
    let times = occurrences(6, &drawn.to_vec::<u32>()?);
    assert_chances("with replacement", &times, &weights.map(|w| w as f64 / 8.0));
    // Of the pairs in order, a then b: p(a)·p(b)/(1 − p(a)).
    let (mut pairs, draws) = (vec![0.0; 36], 600);
    for _ in 0..draws {
        let pair: Vec<u32> = generator
            .choice((6, device), 2, false, Some(&given))?
            .to_vec()?;
        pairs[(pair[0] * 6 + pair[1]) as usize] += 1.0;
    }
    let p = |i: usize| weights[i] as f64 / 8.0;
    let chances: Vec<f64> = (0..36)
        .map(|i| (i / 6, i % 6))
        .map(|(a, b)| {
            if a == b {
                0.0
            } else {
                p(a) * p(b) / (1.0 - p(a))
            }
        })
        .collect();
    assert_chances("pairs", &pairs, &chances);
    // All that are above zero, however small, and none of the others.
    let n = 3000;
    let uneven: Vec<f32> = (0..n)
        .map(|i| {
            if i % 3 == 0 {
                0.0
            } else {
                2f32.powi(-((i % 100) as i32))
            }
        })
        .collect();
    let uneven = Tensor::from_slice(&uneven, [n], device)?;
    let drawn: Vec<u32> = generator
        .choice((n, device), 2000, false, Some(&uneven))?
        .to_vec()?;
    assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 2000);
    assert!(drawn.iter().all(|i| i % 3 != 0));
    let drawn: Vec<u32> = generator
        .choice((n, device), 100_000, true, Some(&uneven))?
        .to_vec()?;
    assert!(drawn.iter().all(|i| i % 3 != 0));
    // Weights of other dtypes, and of a view.
    let counts = Tensor::new([[9u32, 0], [9, 2], [9, 0]], device)?.slice(s![..;-1, 1])?;
    let mask = counts.to_dtype(DType::Bool);
    for weights in [&counts, &mask] {
        let drawn: Vec<u32> = generator
            .choice((3, device), 4, true, Some(weights))?
            .to_vec()?;
        assert_eq!(drawn, [1; 4]);
    }
    Ok(())
}

fn choice_edges(device: &Device) -> Result<()> {
    let mut generator = Generator::new(23);
    let mut shape = |from: &Tensor, draws: [usize; 2], replace: bool| -> Result<Vec<usize>> {
        Ok(generator
            .choice(from, draws, replace, None)?
            .shape()
            .to_vec())
    };
    let (none, one) = (
        Tensor::zeros([0, 3], device)?,
        Tensor::ones([1, 3], device)?,
    );
    for replace in [false, true] {
        assert_eq!(shape(&none, [0, 2], replace)?, [0, 2, 3]);
        assert_eq!(shape(&one, [1, 1], replace)?, [1, 1, 3]);
        assert_eq!(shape(&one, [4, 0], replace)?, [4, 0, 3]);
    }
    let zero = Tensor::new([0f32], device)?;
    let drawn = generator.choice((1, device), (), false, None)?;
    assert_eq!((drawn.shape(), drawn.item::<u32>()?), (&[][..], 0));
    assert_eq!(
        generator
            .choice((1, device), [0], true, Some(&zero))?
            .size(),
        0
    );
    // Gradients go to what was drawn, as often as it was.
    let x = Tensor::ones([3], device)?.variable();
    let gradients = generator.choice(&x, 30, true, None)?.sum(..)?.backward()?;
    let gradient = gradients.get(&x).expect("a gradient");
    assert_eq!(gradient.sum(..)?.item::<f32>()?, 30.0);
    Ok(())
}

fn choice_errors(device: &Device) -> Result<()> {
    let mut generator = Generator::new(24);
    let x = Tensor::zeros([3, 2], device)?;
    let mut said = |draws: usize, replace: bool, weights: Option<&[f32]>| -> Result<String> {
        let weights = weights
            .map(|w| Tensor::from_slice(w, [w.len()], device))
            .transpose()?;
        let drawn = generator.choice(&x, draws, replace, weights.as_ref());
        Ok(drawn.map(|_| ()).expect_err("an error").to_string())
    };
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    for (draws, replace, weights, want) in [
        (
            4,
            false,
            None,
            "4 draws without replacement are not possible among 3",
        ),
        (1, true, Some(&[1f32, 2.][..]), "a vector of 3"),
        (1, true, Some(&[1., -2., 1.]), "not negative, but one is -2"),
        (1, true, Some(&[1., nan, 1.]), "one is NaN"),
        (1, false, Some(&[1., inf, 1.]), "one is inf"),
        (1, true, Some(&[0.; 3]), "all weights are zero"),
        (
            2,
            false,
            Some(&[0., 1., 0.]),
            "2 draws without replacement need as many weights",
        ),
    ] {
        let said = said(draws, replace, weights)?;
        assert!(said.contains(want), "{said}, not {want}");
    }
    let none = Tensor::zeros([0], device)?;
    let scalar = Tensor::new(1f32, device)?;
    for from in [&none, &scalar] {
        assert!(generator.choice(from, 1, true, None).is_err());
    }
    Ok(())
}

/// Slices and lines in random order.
fn orders(device: &Device) -> Result<()> {
    let mut generator = Generator::new(25);
    let whole = Tensor::arange(0.0, 60.0, 1.0, device)?.reshape([3, 20])?;
    let mut x = whole.clone();
    generator.shuffle(&mut x, -1)?;
    let (got, kept) = (x.to_vec::<f32>()?, whole.to_vec::<f32>()?);
    assert_ne!(got, kept);
    assert!((0..20).all(|i| got[20 + i] == got[i] + 20.0 && got[40 + i] == got[i] + 40.0));
    assert_same("shuffled", &x.sort(1)?.to_vec()?, &kept);
    // Each line in an order of its own, along either axis, of a view.
    for (view, axis) in [(whole.clone(), 1), (whole.t(), 0), (whole.flip(..)?, -1)] {
        let y = generator.permuted(&view, axis)?;
        assert_eq!(y.shape(), view.shape());
        let lines = if axis == 0 { y.t() } else { y.clone() };
        let lines = lines.remainder(20.0)?.to_vec::<f32>()?;
        assert_ne!(lines[..20], lines[20..40]);
        assert_same(
            "lines",
            &y.sort(axis)?.to_vec()?,
            &view.sort(axis)?.to_vec::<f32>()?,
        );
    }
    // Every order of three is as likely.
    let rows = Tensor::arange(0.0, 3.0, 1.0, device)?.broadcast_to([9001, 3])?;
    let rows: Vec<f32> = generator.permuted(&rows, 1)?.to_vec()?;
    let orders: Vec<u32> = rows
        .chunks(3)
        .map(|r| (r[0] * 2.0 + (r[1] > r[2]) as u8 as f32) as u32)
        .collect();
    assert_chances("orders", &occurrences(6, &orders), &[1.0 / 6.0; 6]);
    for shape in [&[0, 3][..], &[2, 0], &[1, 1]] {
        let mut x = Tensor::zeros(shape, device)?;
        assert_eq!(generator.permuted(&x, 0)?.shape(), shape);
        generator.shuffle(&mut x, 1)?;
        assert_eq!(x.shape(), shape);
    }
    let mut scalar = Tensor::new(1f32, device)?;
    assert!(generator.shuffle(&mut scalar, 0).is_err());
    assert!(generator.permuted(&scalar, 0).is_err());
    Ok(())
}

/// A seed means the same uniform bits everywhere.
fn same_on_all(device: &Device) -> Result<()> {
    let draw = |device: &Device| {
        Generator::new(99)
            .uniform([33, 31], device)?
            .to_vec::<f32>()
    };
    assert_same("uniform", &draw(device)?, &draw(&Device::cpu())?);
    let draw = |device: &Device| {
        Generator::new(9)
            .integers(-5, 50, [999], device)?
            .to_vec::<i32>()
    };
    assert_same("integers", &draw(device)?, &draw(&Device::cpu())?);
    for replace in [false, true] {
        let draw = |device: &Device| {
            let choice = Generator::new(98).choice((2000, device), 999, replace, None)?;
            choice.to_vec::<u32>()
        };
        assert_same("choice", &draw(device)?, &draw(&Device::cpu())?);
    }
    Ok(())
}
