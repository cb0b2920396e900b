//! Reading values back.

use std::future::Future;
use std::panic::Location;

use super::{Source, Tensor};
use crate::device::Device;
use crate::dtype::{Bools, DType, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::Reading;

/// A read under way: asked for now, looked at later.
///
/// The values are those of the moment [`Tensor::read`] was called. Nothing waits for them until
/// [`ReadHandle::wait`] or an `.await`.
pub struct ReadHandle<T: Element> {
    reading: Reading,
    len: usize,
    dtype: DType,
    /// How the words that are read hold bools.
    bools: Bools,
    _values: std::marker::PhantomData<T>,
}

impl<T: Element> ReadHandle<T> {
    #[track_caller]
    fn decode(&self, words: Result<Vec<u32>, ErrorKind>) -> Result<Vec<T>> {
        let words = self.bools.load(words?, self.len, self.dtype);
        match T::decode(words, self.len, self.dtype) {
            Some(values) => Ok(values),
            // Checked when the read was asked for.
            None => Err(Error::value(
                "read",
                "the dtype cannot be read as this type",
            )),
        }
    }

    /// The values, if they have arrived; never blocks. Gives them once.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn try_take(&mut self) -> Result<Option<Vec<T>>> {
        match self.reading.try_take() {
            None => Ok(None),
            Some(words) => self.decode(words).map(Some),
        }
    }

    /// The values; blocks until they have arrived.
    ///
    /// # Errors
    /// A fault of the device.
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn wait(self) -> Result<Vec<T>> {
        let Self {
            reading,
            len,
            dtype,
            bools,
            _values,
        } = self;
        let words = reading.wait();
        Self {
            reading: Reading::done(Ok(vec![])),
            len,
            dtype,
            bools,
            _values,
        }
        .decode(words)
    }

    /// The values; does not block the thread.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn recv(mut self) -> impl Future<Output = Result<Vec<T>>> + Send {
        let at = Location::caller();
        async move {
            let words = (&mut self.reading).await;
            self.decode(words).map_err(|error| error.at(at))
        }
    }
}

impl Tensor {
    /// Starts to read the elements, row-major. The computation they need is submitted now; the
    /// handle is asked for the values later, without a stall.
    ///
    /// # Errors
    /// A type that the dtype cannot be read as, or a failed computation.
    #[track_caller]
    pub fn read<T: Element>(&self) -> Result<ReadHandle<T>> {
        if T::decode(vec![], 0, self.dtype).is_none() {
            let expected = "read it as its own type, as f64, or convert it with to_dtype first";
            return Err(Error::new(ErrorKind::DType {
                op: "read",
                dtype: self.dtype,
                expected,
            }));
        }
        Ok(ReadHandle {
            reading: self.read_words()?,
            len: self.size(),
            dtype: self.dtype,
            bools: self.device.limits().abilities.bools,
            _values: std::marker::PhantomData,
        })
    }

    /// The words of the executor's memory that hold the elements.
    #[track_caller]
    pub(crate) fn read_words(&self) -> Result<Reading> {
        let bools = self.device.limits().abilities.bools;
        if let Source::Constant(bits) = self.source {
            let one = match (self.dtype, bools) {
                (DType::F16, _) => {
                    half::f16::from_f32(f32::from_bits(bits)).to_bits() as u32 * 0x10001
                }
                (DType::Bool, Bools::Bytes) => bits * 0x0101_0101,
                _ => bits,
            };
            self.device
                .check_size("read", self.shape_ref(), self.dtype)?;
            let words = bools.words(self.size(), self.dtype);
            return Ok(Reading::done(Ok(vec![one; words])));
        }
        if self.size() == 0 {
            return Ok(Reading::done(Ok(vec![])));
        }
        let (buffer, _storage, offset) = self.buffer()?;
        let start = bools.words(offset, self.dtype);
        let words = bools.words(self.size(), self.dtype);
        let reading = self.device.executor().read(buffer, start, words);
        #[cfg(not(target_arch = "wasm32"))]
        let reading = reading.recorded(self.device.queue().recorder());
        Ok(reading)
    }

    /// The elements, row-major; runs what is recorded and waits for it.
    ///
    /// # Errors
    /// A type that the dtype cannot be read as (any numeric dtype reads as `f64`), an index that was
    /// out of range in an earlier gather, or a fault of the device.
    #[doc(alias("tolist", "numpy"))]
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.read()?.wait()
    }

    /// The elements, row-major, without blocking the thread. The computation they need is submitted
    /// by the call, not by the first poll.
    ///
    /// # Errors
    /// As [`Tensor::read`].
    #[track_caller]
    pub fn to_vec_async<T: Element>(&self) -> impl Future<Output = Result<Vec<T>>> + Send + use<T> {
        let values = match self.read() {
            Ok(handle) => Ok(handle.recv()),
            Err(error) => Err(error),
        };
        async move { values?.await }
    }

    /// The value of a tensor of one element; runs what is recorded and waits for it.
    ///
    /// # Errors
    /// Another number of elements, or as [`Tensor::to_vec`].
    #[cfg(not(target_arch = "wasm32"))]
    #[track_caller]
    pub fn item<T: Element>(&self) -> Result<T> {
        self.check_item()?;
        Ok(self.to_vec()?[0])
    }

    /// The value of a tensor of one element, without blocking the thread.
    ///
    /// # Errors
    /// As [`Tensor::item`].
    #[track_caller]
    pub fn item_async<T: Element>(&self) -> impl Future<Output = Result<T>> + Send + use<T> {
        let values = match self.check_item() {
            Ok(()) => Ok(self.to_vec_async()),
            Err(error) => Err(error),
        };
        async move { Ok(values?.await?[0]) }
    }

    /// [`Tensor::item`] for a method that the web has too, where it is an error; `op` names the method.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(unused_variables, reason = "errors name the read")
    )]
    #[track_caller]
    pub(crate) fn waited_for<T: Element>(&self, op: &'static str) -> Result<T> {
        #[cfg(not(target_arch = "wasm32"))]
        return self.item();
        #[cfg(target_arch = "wasm32")]
        return Err(waits(op));
    }

    /// [`Tensor::to_device`] for a method that the web has too, where it is an error to copy; `op` names the method.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(unused_variables, reason = "errors name the copy")
    )]
    #[track_caller]
    pub(crate) fn on_device(&self, op: &'static str, device: &Device) -> Result<Tensor> {
        if self.device == *device {
            return Ok(self.clone());
        }
        #[cfg(not(target_arch = "wasm32"))]
        return self.to_device(device);
        #[cfg(target_arch = "wasm32")]
        return Err(waits(op));
    }

    #[track_caller]
    fn check_item(&self) -> Result<()> {
        if self.size() == 1 {
            return Ok(());
        }
        let message = format!(
            "only a tensor of one element has an item, not {}",
            self.size()
        );
        Err(Error::shape("item", self.shape_ref(), message))
    }
}

#[cfg(target_arch = "wasm32")]
#[track_caller]
fn waits(op: &'static str) -> Error {
    Error::value(
        op,
        "it waits for values of a device, which nothing may do on the web",
    )
}
