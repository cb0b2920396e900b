use std::sync::Arc;

use crate::{Device, Result, Tensor};

#[test]
fn a_device_dropped_with_calls_pending_is_gone() -> Result<()> {
    let device = Device::new_cpu();
    let executor = Arc::downgrade(device.executor());
    let x = Tensor::from_slice(&[1f32, 2.], [2], &device)?;
    let y = x.exp();
    drop((x, y, device));
    assert_eq!(executor.strong_count(), 0, "what waits keeps its queue");
    Ok(())
}
