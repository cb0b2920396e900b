//! Streams of random numbers.

/// A stream of random tensors: [`uniform`](Generator::uniform), [`normal`](Generator::normal),
/// [`integers`](Generator::integers), [`choice`](Generator::choice) and orders.
///
/// Element `i` of the `n`-th tensor drawn is made of Philox's block at counter `(i, 0, n)` under the
/// seed as key, whatever was drawn before.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let a = Generator::new(7).uniform([3], &dev)?;
/// let b = Generator::new(7).uniform([3], &dev)?;
/// assert_eq!(a.to_vec::<f32>()?, b.to_vec::<f32>()?);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    seed: u64,
    drawn: u64,
}

impl Generator {
    /// A generator at the start of the stream of that seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A generator in the stream of a seed after so many draws: that of [`seed`](Generator::seed) and
    /// [`drawn`](Generator::drawn) goes on as if it had never stopped.
    pub fn after(seed: u64, drawn: u64) -> Self {
        Self { seed, drawn }
    }

    /// The seed of the stream.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many tensors were drawn.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// The number of the next draw.
    pub(crate) fn next(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn - 1
    }

    /// The seed as Philox's key.
    pub(crate) fn key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }
}
