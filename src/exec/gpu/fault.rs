//! Faults of the device as errors.
//!
//! wgpu panics inside `poll` when the device is lost, and reports other faults to a handler. Both are
//! caught here and told to whoever uses the device next. A lost device stays lost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::ErrorKind;

pub(super) struct Fault {
    name: String,
    /// Whether there is anything to tell: asked before each use of the device.
    any: AtomicBool,
    /// Told once.
    pending: Mutex<Option<ErrorKind>>,
    /// Told from then on.
    lost: Mutex<Option<ErrorKind>>,
}

impl Fault {
    /// Watches a device that was just opened.
    pub(super) fn watch(device: &wgpu::Device, name: &str) -> Arc<Self> {
        let fault = Arc::new(Self {
            name: name.into(),
            any: AtomicBool::new(false),
            pending: Mutex::default(),
            lost: Mutex::default(),
        });
        let handler = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let device = handler.name.clone();
            let message = error.to_string();
            handler.tell(match error {
                wgpu::Error::OutOfMemory { .. } => ErrorKind::OutOfMemory { device, message },
                _ => ErrorKind::Gpu { device, message },
            });
        }));
        let handler = fault.clone();
        device.set_device_lost_callback(move |_, message| handler.lose(message));
        fault
    }

    fn tell(&self, kind: ErrorKind) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(kind);
        self.any.store(true, Ordering::Release);
    }

    pub(super) fn lose(&self, message: String) {
        let kind = ErrorKind::DeviceLost {
            device: self.name.clone(),
            message,
        };
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(kind);
        self.any.store(true, Ordering::Release);
    }

    /// The fault to tell, if there is one.
    pub(super) fn check(&self) -> Result<(), ErrorKind> {
        if !self.any.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some(kind) = &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(kind.clone());
        }
        match self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(kind) => Err(kind),
            None => Ok(()),
        }
    }

    /// Polls the device.
    pub(super) fn poll(
        &self,
        device: &wgpu::Device,
        poll: wgpu::PollType,
    ) -> Result<(), ErrorKind> {
        match catch_unwind(AssertUnwindSafe(|| device.poll(poll))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.lose(error.to_string()),
            Err(panic) => {
                let words = panic.downcast_ref::<String>().cloned();
                self.lose(words.unwrap_or_else(|| "the driver stopped answering".into()));
            }
        }
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(kind) => Err(kind.clone()),
            None => Ok(()),
        }
    }
}
