//! The operands; those of numpy_side.py have the same names and distributions.

use tilewise::prelude::*;

pub(crate) struct Inputs {
    pub(crate) dev: Device,
    pub(crate) generator: Generator,
    /// Standard normal, and as a matrix.
    pub(crate) x: Tensor,
    pub(crate) m: Tensor,
    pub(crate) y: Tensor,
    pub(crate) w: Tensor,
    /// Of one sign, within −1 and 1, above 1, sorted, a tenth NaN.
    pub(crate) pos: Tensor,
    pub(crate) unit: Tensor,
    pub(crate) above: Tensor,
    pub(crate) s: Tensor,
    pub(crate) n: Tensor,
    pub(crate) nm: Tensor,
    pub(crate) edges: Tensor,
    /// Integers below 2²⁰, from 1 to 1000, below 1000, below 8.
    pub(crate) i: Tensor,
    pub(crate) j: Tensor,
    pub(crate) small: Tensor,
    pub(crate) sm: Tensor,
    pub(crate) rows: Tensor,
    pub(crate) few: Tensor,
    pub(crate) counts: Vec<isize>,
    pub(crate) mask: Tensor,
    pub(crate) mm: Tensor,
    pub(crate) other: Tensor,
    pub(crate) never: Tensor,
    pub(crate) ever: Tensor,
    pub(crate) b3: Tensor,
    pub(crate) c3: Tensor,
    pub(crate) q: Tensor,
    pub(crate) k: Tensor,
    pub(crate) v3: Tensor,
    pub(crate) u3: Tensor,
    pub(crate) p3: Tensor,
    pub(crate) p32: Tensor,
    pub(crate) p128: Tensor,
    #[cfg(feature = "linalg")]
    pub(crate) a: Tensor,
    #[cfg(feature = "linalg")]
    pub(crate) b: Tensor,
    #[cfg(feature = "linalg")]
    pub(crate) spd: Tensor,
    pub(crate) line: Tensor,
    pub(crate) taps: Tensor,
    pub(crate) images: Tensor,
    pub(crate) weights: Tensor,
    pub(crate) back: Tensor,
    pub(crate) each: Tensor,
    pub(crate) picture: Tensor,
}

impl Inputs {
    pub(crate) fn new(dev: &Device) -> Result<Self> {
        const N: usize = 1 << 20;
        let square = [1024, 1024];
        let mut generator = Generator::new(1);
        let x = generator.normal([N], dev)?;
        let y = generator.normal([N], dev)?;
        let below = generator.uniform([N], dev)?;
        let n = below.lt(0.1)?.select(f32::NAN, &x)?;
        let mask = x.gt(0.0)?;
        let counts = generator.integers(0, 8, [1 << 18], dev)?;
        let counts = counts.to_vec::<i32>()?;
        let small = generator.integers(0, 1000, [N], dev)?;
        let mut normal = |dims: &[usize]| generator.normal(dims, dev);
        #[cfg(feature = "linalg")]
        let a = normal(&[1000, 1000])?;
        let inputs = Self {
            b3: normal(&[100, 100, 100])?,
            c3: normal(&[100, 100, 100])?,
            q: normal(&[8, 128, 8, 32])?,
            k: normal(&[8, 128, 8, 32])?,
            v3: normal(&[333_333, 3])?,
            u3: normal(&[333_333, 3])?,
            p3: normal(&[1000, 3])?,
            p32: normal(&[1000, 32])?,
            p128: normal(&[1000, 128])?,
            #[cfg(feature = "linalg")]
            b: normal(&[1000, 1000])?,
            #[cfg(feature = "linalg")]
            spd: (a.matmul(&a.t())? + Tensor::eye(1000, 1000, dev)?).contiguous(),
            #[cfg(feature = "linalg")]
            a,
            line: x.reshape([1, 1, -1])?,
            taps: normal(&[1, 1, 100])?,
            images: normal(&[1, 16, 250, 250])?,
            weights: normal(&[32, 16, 3, 3])?,
            back: normal(&[16, 32, 3, 3])?,
            each: normal(&[16, 1, 3, 3])?,
            picture: x.reshape([1, 1, 1024, 1024])?,
            m: x.reshape(square)?,
            w: y.reshape(square)?,
            pos: (x.abs() + 0.01).contiguous(),
            unit: (&below * 1.98 - 0.99).contiguous(),
            above: (x.abs() + 1.0).contiguous(),
            s: x.sort(0)?,
            nm: n.reshape(square)?,
            n,
            edges: Tensor::linspace(-3., 3., 100, dev)?.contiguous(),
            i: generator.integers(0, N as i64, [N], dev)?,
            j: generator.integers(1, 1001, [N], dev)?,
            sm: small.reshape(square)?,
            rows: small.slice(s![..1024])?.contiguous(),
            small,
            few: generator.integers(0, 8, [N], dev)?,
            counts: counts.into_iter().map(|count| count as isize).collect(),
            mm: mask.reshape(square)?,
            mask,
            other: y.gt(0.5)?,
            never: x.gt(100.0)?.reshape(square)?,
            ever: x.lt(100.0)?.reshape(square)?,
            dev: dev.clone(),
            generator,
            x,
            y,
        };
        dev.synchronize()?;
        Ok(inputs)
    }
}
