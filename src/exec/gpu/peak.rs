//! The rate of arithmetic that the device reaches on registers.

use std::time::{Duration, Instant};

use super::kernel::Writer;
use super::program::Prepared;
use super::shader::Bound;
use super::{Executor, Gpu};
use crate::error::ErrorKind;

/// Operations of an invocation in one round of `peak.wgsl`.
const OPERATIONS: usize = 8 * 32;
/// The least time from which a rate is taken: beside it, a submission is short.
const LONG: Duration = Duration::from_millis(20);

impl Gpu {
    /// Operations on `f32` in a second: multiplications and additions, in twos.
    pub(super) fn time_arithmetic(&self) -> Result<f64, ErrorKind> {
        let (group, groups) = (self.target.group, self.target.fill);
        let invocations = group * groups;
        let buffer = self.alloc(invocations)?;
        // As many rounds as make it take long enough, and then once more, warm.
        let mut rounds = 64;
        let rate = loop {
            let took = self.time_rounds(rounds, buffer);
            match took {
                Ok(took) if took < LONG => rounds *= 2,
                Ok(_) => {
                    let again = self.time_rounds(rounds, buffer);
                    let operations = (invocations * OPERATIONS) as f64 * rounds as f64;
                    break again.map(|took| operations / took.as_secs_f64());
                }
                Err(kind) => break Err(kind),
            }
        };
        self.free(buffer);
        rate
    }

    fn time_rounds(&self, rounds: u32, buffer: u64) -> Result<Duration, ErrorKind> {
        let mut writer = Writer::new(&self.target);
        writer.bind(Bound::Slot(0), "f32", true);
        writer.push([rounds, 0.5f32.to_bits()]);
        let source = include_str!("../../../shaders/peak.wgsl");
        let header = ("", self.target.group);
        let shader = writer.finish("peak", source, header, &[], self.target.fill);
        let pipeline = self.pipelines.get(&shader);
        let prepared = [Prepared {
            kernels: 0,
            pipeline,
            shader,
        }];
        self.wait()?;
        let start = Instant::now();
        self.run_prepared(&prepared, None, &[buffer], &[], None)?;
        self.wait()?;
        Ok(start.elapsed())
    }
}
