use std::time::Instant;
use tilewise::prelude::*;
use tilewise::DeviceOptions;
fn main() -> Result<()> {
    for round in 0..4 {
        for (name, options) in [("immediates", DeviceOptions::new()), ("uniform", DeviceOptions::new().uniform_params())] {
            let dev = Device::open("gpu", options)?;
            let x = Tensor::from_slice(&[1f32; 64], [64], &dev)?;
            let mut best = f64::MAX;
            let mut batched = f64::MAX;
            for _ in 0..7 {
                let start = Instant::now();
                let mut y = x.clone();
                for _ in 0..500 { y = (&y * 0.5).try_add(1.0)?; dev.flush()?; }
                y.to_vec::<f32>()?;
                best = best.min(start.elapsed().as_secs_f64());
                let start = Instant::now();
                let ys: Vec<Tensor> = (0..500).map(|i| x.slice(s![i % 60..]).and_then(|v| v.exp().sum(..))).collect::<Result<_>>()?;
                dev.flush()?;
                ys[499].to_vec::<f32>()?;
                batched = batched.min(start.elapsed().as_secs_f64());
            }
            println!("{round} {name:10}: {:.2} us a flushed op, {:.2} us a dispatch in one batch of 500", best / 500.0 * 1e6, batched / 500.0 * 1e6);
        }
    }
    Ok(())
}
