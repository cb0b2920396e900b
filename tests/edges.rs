//! Edges that a first user met.

use tilewise::prelude::*;
use tilewise::{ErrorKind, Gradients};

tests![
    whole_range_of_integers,
    bounds_of_uniform_numbers,
    sizes_beyond_counting,
    handles_give_once,
    gradients_through_nothing,
    steps_need_gradients,
    bad_indices_stay_with_their_values,
    spellings_of_shapes_and_axes,
];

fn whole_range_of_integers(dev: &Device) -> Result<()> {
    let (low, high) = (i32::MIN as i64, i32::MAX as i64 + 1);
    let x = Generator::new(3).integers(low, high, [4096], dev)?;
    let values = x.to_vec::<i32>()?;
    assert!(values.iter().any(|&v| v < i32::MIN / 2));
    assert!(values.iter().any(|&v| v > i32::MAX / 2));
    Ok(())
}

fn bounds_of_uniform_numbers(dev: &Device) -> Result<()> {
    let mut generator = Generator::new(4);
    // The next f32 after 1000 is 1000.00006: two numbers, rounded to, and never the upper one.
    let close = generator.uniform_in(1000.0, 1000.0001, [1000], dev)?;
    assert!(
        close
            .to_vec::<f32>()?
            .iter()
            .all(|&v| (1000.0..1000.0001).contains(&v))
    );
    for (low, high) in [
        (-3e38, 3e38),
        (1.0, 1.0),
        (2.0, 1.0),
        (f64::NAN, 1.0),
        (0.0, 1e300),
    ] {
        let refused = generator.uniform_in(low, high, [2], dev);
        assert!(refused.is_err(), "{low} to {high}");
    }
    Ok(())
}

fn sizes_beyond_counting(dev: &Device) -> Result<()> {
    let huge = 1usize << 40;
    assert!(Generator::new(0).permutation(huge, dev).is_err());
    assert!(Tensor::eye(huge, huge, dev).is_err());
    assert!(Tensor::linspace(0.0, 1.0, usize::MAX, dev).is_err());
    assert!(Tensor::new([1i32], dev)?.one_hot(usize::MAX / 2).is_err());
    // A constant takes no memory until it is read.
    let zeros = Tensor::zeros([huge], dev)?;
    let read = zeros.to_vec::<f32>();
    assert!(matches!(read, Err(e) if matches!(e.kind(), ErrorKind::TooLarge { .. })));
    let long = Tensor::ones([1, 1], dev)?.broadcast_to([1 << 31, 1])?;
    assert!(long.matmul(&long.t()).is_err());
    let back = Tensor::arange(0, 5, 1, dev)?.slice(s![..;isize::MIN])?;
    assert_eq!(back.to_vec::<i32>()?, [4]);
    assert!(Tensor::full([2], 1.5, DType::I32, dev).is_err());
    assert!(Tensor::full([2], f64::NAN, DType::U32, dev).is_err());
    assert_eq!(
        Tensor::full([2], 3.0, DType::I32, dev)?.to_vec::<i32>()?,
        [3, 3]
    );
    Ok(())
}

fn handles_give_once(dev: &Device) -> Result<()> {
    let x = Tensor::arange(0, 3, 1, dev)? + 1;
    let mut handle = x.read::<i32>()?;
    let values = loop {
        if let Some(values) = handle.try_take()? {
            break values;
        }
        std::thread::yield_now();
    };
    assert_eq!(values, [1, 2, 3]);
    assert!(handle.try_take().is_err());
    assert!(handle.wait().is_err());
    Ok(())
}

fn gradients_through_nothing(dev: &Device) -> Result<()> {
    let w = Tensor::ones([3, 2], dev)?.variable();
    let empty = Tensor::zeros([0, 3], dev)?;
    let grads = empty.matmul(&w)?.sum(..)?.backward()?;
    let gradient = grads.get(&w).expect("the sum depends on w");
    assert_eq!(
        (gradient.shape(), gradient.to_vec::<f32>()?),
        (&[3, 2][..], vec![0.0; 6])
    );
    Ok(())
}

fn steps_need_gradients(dev: &Device) -> Result<()> {
    let mut model = nn::mlp([2, 2], nn::Relu, dev)?;
    let error = optim::Sgd::new(0.1)
        .step(&mut model, &Gradients::default())
        .expect_err("nothing would be learned");
    assert!(
        error
            .to_string()
            .contains("no parameter of the model has a gradient")
    );
    Ok(())
}

/// What a bad index reached is never read as numbers on the CPU, and nothing else fails.
fn bad_indices_stay_with_their_values(dev: &Device) -> Result<()> {
    let x = Tensor::arange(0, 4, 1, dev)?;
    let index = Tensor::new([1i32, 9], dev)?;
    let picked = x.index_select(0, &index)?;
    let derived = picked.sum(..)?;
    let other = (&x * 2).sum(..)?;
    assert!(derived.item::<i32>().is_err());
    assert_eq!(other.item::<i32>()?, 12);
    if *dev == Device::cpu() {
        assert!(picked.to_vec::<i32>().is_err() && picked.to_vec::<i32>().is_err());
        let error = derived.item::<i32>().expect_err("it stays failed");
        assert_eq!(error.location().file(), file!());
    }
    Ok(())
}

fn spellings_of_shapes_and_axes(dev: &Device) -> Result<()> {
    let (n, m) = (2usize, 3usize);
    let (shape, axes) = ([n, m], [1usize]);
    let x = Tensor::arange(0, 6, 1, dev)?;
    for y in [
        x.reshape([2, 3])?,
        x.reshape([n, m])?,
        x.reshape([2, -1])?,
        x.reshape(shape.as_slice())?,
        x.reshape(vec![n, m])?,
        x.reshape(&[n as isize, -1][..])?,
    ] {
        assert_eq!(y.shape(), [2, 3]);
        let axis = y.ndim() - 1;
        for sum in [
            y.sum(1)?,
            y.sum(axis)?,
            y.sum([-1])?,
            y.sum(axes.as_slice())?,
            y.sum(vec![1])?,
        ] {
            assert_eq!(sum.to_vec::<i32>()?, [3, 12]);
        }
    }
    assert_eq!(Tensor::new([7], dev)?.reshape(())?.item::<i32>()?, 7);
    Ok(())
}
