//! Printing.

use std::fmt;

use super::Tensor;

impl fmt::Debug for Tensor {
    /// Shape, dtype, device and layout; reads nothing back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Tensor({} {} on {}",
            self.dtype,
            self.shape_ref(),
            self.device.name()
        )?;
        if !self.is_contiguous() {
            write!(f, ", strides {:?}", self.layout.strides())?;
        }
        f.write_str(")")
    }
}
