//! A user's first program: it uses tilewise through its public surface only, on whatever
//! device there is (or the one that TILEWISE_DEVICE names), and checks what it computes.

use std::error::Error;

use tilewise::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    println!("{dev}");
    arithmetic(&dev)?;
    mistakes(&dev)?;
    training(&dev)?;
    println!("outside: ok");
    Ok(())
}

fn arithmetic(dev: &Device) -> Result<(), Box<dyn Error>> {
    let a = Tensor::from_slice(&[1f32, 2., 3., 4., 5., 6.], [2, 3], dev)?;
    let b = Tensor::from_slice(&[10f32, 20., 30.], [3], dev)?;

    let c = &a + &b;
    assert_eq!(c.shape(), [2, 3]);
    assert_eq!(c.to_vec::<f32>()?, [11., 22., 33., 14., 25., 36.]);

    let m = c.matmul(&a.t())?;
    assert_eq!(m.shape(), [2, 2]);
    assert_eq!(m.to_vec::<f32>()?, [154., 352., 172., 397.]);

    let reversed = m.slice(s![.., ..;-1])?;
    assert_eq!(reversed.to_vec::<f32>()?, [352., 154., 397., 172.]);

    let p = a.softmax(-1)?;
    println!("{p}");
    let row = [0.090_030_57, 0.244_728_48, 0.665_240_94];
    for (i, value) in p.to_vec::<f32>()?.into_iter().enumerate() {
        assert!((value - row[i % 3]).abs() < 1e-6, "softmax: {value} at {i}");
    }
    Ok(())
}

/// A mistake is an error that names the shapes, and the program goes on.
fn mistakes(dev: &Device) -> Result<(), Box<dyn Error>> {
    let a = Tensor::zeros([5, 3], dev)?;
    let b = Tensor::zeros([10, 3], dev)?;
    let message = a
        .matmul(&b)
        .expect_err("(5,3) and (10,3) do not align")
        .to_string();
    assert!(
        message.contains("(5,3)") && message.contains("(10,3)"),
        "{message}"
    );
    assert!(a.try_add(&b).is_err());
    assert_eq!(a.try_add(&a)?.shape(), [5, 3]);
    Ok(())
}

/// Learns exclusive or: four points that no linear model separates.
fn training(dev: &Device) -> Result<(), Box<dyn Error>> {
    dev.seed(7);
    let x = Tensor::from_slice(&[0f32, 0., 0., 1., 1., 0., 1., 1.], [4, 2], dev)?;
    let y = Tensor::from_slice(&[0i32, 1, 1, 0], [4], dev)?;

    let mut model = nn::mlp([2, 16, 2], nn::Relu, dev)?;
    let mut adam = optim::Adam::new(0.05);
    let mut first = None;
    let mut last = f32::NAN;
    for step in 0..100 {
        let loss = model.forward(&x)?.cross_entropy(&y)?;
        let grads = loss.backward()?;
        adam.step(&mut model, &grads)?;
        if step % 20 == 0 || step == 99 {
            last = loss.item()?;
            println!("step {step:3}  loss {last:.4}");
            first.get_or_insert(last);
        }
    }
    let first = first.expect("step 0 was recorded");
    assert!(last < first / 4.0, "the loss went from {first} to {last}");

    let guess = model.forward(&x)?.argmax(-1)?;
    assert_eq!(guess.to_vec::<i64>()?, y.to_vec::<i64>()?);
    Ok(())
}
