//! NumPy's files: one array in an npy file, named ones in an npz archive.
//!
//! ```
//! use tilewise::{npy, prelude::*};
//!
//! let dev = Device::cpu();
//! let path = std::env::temp_dir().join(format!("tilewise-{}.npy", std::process::id()));
//! npy::save(&path, &Tensor::new([[1.0, 2.0], [3.0, 4.0]], &dev)?)?;
//! let x = npy::load(&path, &dev)?; // np.load
//! assert_eq!(x.shape(), [2, 2]);
//! # std::fs::remove_file(path).ok();
//! # Ok::<(), Error>(())
//! ```
//!
//! Arrays of every number type are read, of either byte order and of C and Fortran order:
//!
//! | in the file | becomes |
//! |---|---|
//! | `bool` | `bool` |
//! | `uint8`, `uint16`, `uint32` | `u32` |
//! | `int8`, `int16`, `int32` | `i32` |
//! | `uint64`, `int64` | `u32`, `i32`; a value out of range is an error, or the nearest with [`Narrowing::Lossy`] |
//! | `float16` | `f16`, or `f32` on a device that has no `f16` |
//! | `float32` | `f32` |
//! | `float64` | the nearest `f32`; a number beyond its range is an error, or ±∞ with [`Narrowing::Lossy`] |
//!
//! A file is trusted in nothing: a header that promises more than there is allocates no memory for it.
//! Files are read and not mapped: the values go to a device in any case, which reads them once, and
//! [`NpyFile::rows`] reads a part of a large file alone. A mapping that is copied from takes longer: 256 MiB in
//! the system's cache 24 ms instead of 20, a part of 4 MiB 0.29 ms instead of 0.16 (by `readinto` and `memmap`
//! of NumPy on two cores of a Xeon). It would also let another program change the values while they are read, or
//! end this one by cutting the file.

mod header;
mod npz;
mod values;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use self::header::Header;
pub use self::npz::Npz;
#[cfg(not(target_arch = "wasm32"))]
pub use self::npz::{savez, savez_compressed};
use crate::device::Device;
use crate::error::Result;
pub use crate::numbers::Narrowing;
use crate::numbers::{Words, fail};
use crate::tensor::Tensor;

/// Loads an npy file, NumPy's `np.load`. Of a value that does not fit, see [`Narrowing::Checked`].
///
/// # Errors
/// A file that cannot be read, is no npy file, ends early, holds something else than numbers or bools, or a
/// value out of range; and no memory on the device.
#[track_caller]
pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Tensor> {
    load_with(path, Narrowing::Checked, device)
}

/// As [`load`], with a choice of what becomes of values that do not fit.
///
/// # Errors
/// As [`load`].
#[track_caller]
pub fn load_with(path: impl AsRef<Path>, narrowing: Narrowing, device: &Device) -> Result<Tensor> {
    NpyFile::open(path)?.load(narrowing, device)
}

/// Reads an array in the npy format from where a reader stands, and no byte further.
///
/// # Errors
/// As [`load`].
#[track_caller]
pub fn read(mut reader: impl Read, narrowing: Narrowing, device: &Device) -> Result<Tensor> {
    read_named("npy::read", "the stream", &mut reader, narrowing, device)
}

#[track_caller]
fn read_named(
    op: &'static str,
    name: &str,
    reader: &mut impl Read,
    narrowing: Narrowing,
    device: &Device,
) -> Result<Tensor> {
    let header = match Header::read(reader) {
        Ok(header) => header,
        Err(message) => return fail(op, name, message),
    };
    let values = values::Values {
        op,
        name,
        header: &header,
        narrowing,
        // Only reading on tells how much there is.
        certain: false,
    };
    values.tensor(reader, &header.shape, device)
}

/// An npy file that is read as a whole or in parts.
///
/// ```no_run
/// use tilewise::{npy::{Narrowing, NpyFile}, prelude::*};
/// let mut file = NpyFile::open("features.npy")?;
/// let rows = file.shape()[0];
/// let batch = file.rows(0..rows.min(256), Narrowing::Checked, &Device::default())?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct NpyFile {
    name: String,
    file: File,
    header: Header,
    /// Where the values start.
    start: u64,
}

impl NpyFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// A file that cannot be read, is no npy file, or is shorter than its header says.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        const OP: &str = "npy::open";
        let name = path.as_ref().display().to_string();
        match Self::opened(path.as_ref(), name.clone()) {
            Ok(file) => Ok(file),
            Err(message) => fail(OP, &name, message),
        }
    }

    fn opened(path: &Path, name: String) -> Words<Self> {
        let words = |error: std::io::Error| error.to_string();
        let mut file = crate::file::open(path)?;
        let header = Header::read(&mut file)?;
        let start = file.stream_position().map_err(words)?;
        let there = file.metadata().map_err(words)?.len().saturating_sub(start);
        let needed = header.bytes();
        if there < needed {
            return Err(format!(
                "the file is cut off: shape {:?} of {} needs {needed} bytes of values, {there} are there",
                header.shape, header.descr
            ));
        }
        Ok(Self {
            name,
            file,
            header,
            start,
        })
    }

    /// The size of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// NumPy's name for the type of the elements in the file, as `<f8`.
    pub fn descr(&self) -> &str {
        &self.header.descr
    }

    /// The whole array.
    ///
    /// # Errors
    /// As [`load`].
    #[track_caller]
    pub fn load(&mut self, narrowing: Narrowing, device: &Device) -> Result<Tensor> {
        let shape = self.header.shape.clone();
        self.part("npy::load", 0, &shape, narrowing, device)
    }

    /// Some places of the first axis, with only their bytes read.
    ///
    /// # Errors
    /// A range outside the axis, an array without axes or of Fortran order, whose rows do not lie together,
    /// and as [`load`].
    #[track_caller]
    pub fn rows(
        &mut self,
        rows: Range<usize>,
        narrowing: Narrowing,
        device: &Device,
    ) -> Result<Tensor> {
        const OP: &str = "npy::rows";
        let mut shape = self.header.shape.clone();
        let Some(size) = shape.first().copied() else {
            return fail(OP, &self.name, "an array without dimensions has no rows");
        };
        if rows.start > rows.end || rows.end > size {
            let message = format!("rows {rows:?} are not among the {size} of shape {shape:?}");
            return fail(OP, &self.name, message);
        }
        if self.header.fortran && shape.len() > 1 {
            let message = "rows of Fortran order do not lie together; load the whole";
            return fail(OP, &self.name, message);
        }
        shape[0] = rows.len();
        let row: usize = shape[1..].iter().product();
        self.part(OP, rows.start * row, &shape, narrowing, device)
    }

    /// The values from one on, in a shape; known to be in the file.
    #[track_caller]
    fn part(
        &mut self,
        op: &'static str,
        first: usize,
        shape: &[usize],
        narrowing: Narrowing,
        device: &Device,
    ) -> Result<Tensor> {
        let place = self.start + first as u64 * self.header.number.size() as u64;
        if let Err(error) = self.file.seek(SeekFrom::Start(place)) {
            return fail(op, &self.name, error);
        }
        let values = values::Values {
            op,
            name: &self.name,
            header: &self.header,
            narrowing,
            certain: true,
        };
        values.tensor(&mut BufReader::new(&self.file), shape, device)
    }
}

/// Saves a tensor as an npy file of its dtype in C order, NumPy's `np.save`; waits for what is recorded.
///
/// # Errors
/// A failed computation, or a file that cannot be written.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn save(path: impl AsRef<Path>, tensor: &Tensor) -> Result<()> {
    const OP: &str = "npy::save";
    let name = path.as_ref().display().to_string();
    let bytes = values::Stored::of(tensor)?;
    let written = File::create(path).and_then(|mut file| bytes.write(&mut file));
    match written {
        Ok(()) => Ok(()),
        Err(error) => fail(OP, &name, error),
    }
}

/// Writes a tensor in the npy format.
///
/// # Errors
/// A failed computation, or what the writer fails with.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn write(mut writer: impl std::io::Write, tensor: &Tensor) -> Result<()> {
    let written = values::Stored::of(tensor)?.write(&mut writer);
    match written {
        Ok(()) => Ok(()),
        Err(error) => fail("npy::write", "the stream", error),
    }
}
