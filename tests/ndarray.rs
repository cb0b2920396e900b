//! Arrays of the `ndarray` crate to tensors and back.

use ::ndarray::{Array0, Array1, Array2, Array3, ArrayD, IxDyn, ShapeBuilder, arr2, s};
use tilewise::{DType, Device, ErrorKind, Result, Tensor, f16};

tests![
    ranks_and_dtypes,
    any_strides,
    uploads_without_a_copy,
    back,
    errors
];

fn ranks_and_dtypes(device: &Device) -> Result<()> {
    let x = Tensor::new(Array0::from_elem((), 2.5f32), device)?;
    assert_eq!((x.shape(), x.item::<f32>()?), (&[][..], 2.5));
    let x = Tensor::new(Array1::from(vec![1, 2, 3]), device)?;
    assert_eq!((x.dtype(), x.to_vec::<i32>()?), (DType::I32, vec![1, 2, 3]));
    let x = Tensor::new(arr2(&[[true, false]]), device)?;
    assert_eq!(
        (x.shape(), x.to_vec::<bool>()?),
        (&[1, 2][..], vec![true, false])
    );
    let x = Tensor::new(ArrayD::<f64>::zeros(IxDyn(&[2, 1, 3])), device)?;
    assert_eq!((x.dtype(), x.shape()), (DType::F32, &[2, 1, 3][..]));
    let x = Tensor::new(Array3::<u32>::zeros((2, 0, 3)), device)?;
    assert_eq!((x.shape(), x.size()), (&[2, 0, 3][..], 0));
    if device.supports_f16() {
        let x = Tensor::new(Array1::from(vec![f16::ONE]), device)?;
        assert_eq!(x.dtype(), DType::F16);
    }
    Ok(())
}

/// Each view of an array becomes a tensor of what the view shows.
fn any_strides(device: &Device) -> Result<()> {
    let cube = Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (100 * i + 10 * j + k) as i32);
    let fortran = Array3::from_shape_fn((3, 4, 5).f(), |(i, j, k)| (100 * i + 10 * j + k) as i32);
    let views = [
        cube.view(),
        fortran.view(),
        cube.t(),
        fortran.t(),
        cube.view().permuted_axes([1, 2, 0]),
        fortran.view().permuted_axes([2, 0, 1]),
        cube.slice(s![..;-1, .., ..]),
        cube.slice(s![..;-1, ..;-1, ..;-1]),
        fortran.slice(s![.., ..;-1, ..]),
        cube.slice(s![1.., 1..;2, ..;-2]),
        cube.slice(s![1..2, .., ..]),
        cube.slice(s![.., 2..3, ..;-1]),
        cube.slice(s![0..0, .., ..]),
    ];
    for (i, view) in views.iter().enumerate() {
        let x = Tensor::new(view, device)?;
        assert_eq!(x.shape(), view.shape(), "view {i}");
        let want: Vec<i32> = view.iter().copied().collect();
        assert_eq!(x.to_vec::<i32>()?, want, "view {i}");
        // Computed with as well as read.
        let doubled: Vec<i32> = want.iter().map(|v| v * 2).collect();
        assert_eq!((&x + &x).to_vec::<i32>()?, doubled, "view {i}");
    }
    let spread = Array1::from(vec![1, 2]);
    let spread = spread.broadcast((3, 2)).expect("a row broadcasts");
    assert_eq!(
        Tensor::new(spread, device)?.to_vec::<i32>()?,
        [1, 2, 1, 2, 1, 2]
    );
    Ok(())
}

/// What lies without gaps keeps its order in memory: the tensor is a view of the upload.
fn uploads_without_a_copy() -> Result<()> {
    let device = Device::cpu();
    let rows = Array2::<f32>::zeros((2, 3));
    let x = Tensor::new(&rows, &device)?;
    assert!(x.is_contiguous());
    let x = Tensor::new(rows.t(), &device)?;
    assert!(!x.is_contiguous() && x.t().is_contiguous());
    let x = Tensor::new(rows.slice(s![..;-1, ..]), &device)?;
    assert!(!x.is_contiguous() && x.flip(0)?.is_contiguous());
    Ok(())
}

fn back(device: &Device) -> Result<()> {
    let x = Tensor::new([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]], device)?;
    let array: ArrayD<f32> = x.to_ndarray()?;
    assert_eq!(array, arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn());
    let array = Array2::<f32>::try_from(&x.t())?;
    assert_eq!(array, arr2(&[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]));
    assert_eq!(ArrayD::<f64>::try_from(&x)?.shape(), [2, 3]);
    let one = Array0::<f32>::try_from(&x.sum(..)?)?;
    assert_eq!(one.into_scalar(), 21.0);
    let none = Tensor::zeros([0, 3], device)?;
    assert_eq!(Array2::<f32>::try_from(&none)?.shape(), [0, 3]);
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    let x = Tensor::zeros([2, 3], device)?;
    let error = Array1::<f32>::try_from(&x).expect_err("of another rank");
    assert!(
        error.to_string().contains("1 dimensions are needed"),
        "{error}"
    );
    let error = x.to_ndarray::<i32>().expect_err("of another type");
    assert!(matches!(error.kind(), ErrorKind::DType { .. }), "{error}");
    let deep = ArrayD::<f32>::zeros(IxDyn(&[1; 9]));
    let error = Tensor::new(&deep, device).expect_err("of too many dimensions");
    assert_eq!(error.location().file(), file!());
    let far = Array1::from(vec![1i64 << 40]);
    let error = Tensor::new(&far, device).expect_err("out of range");
    assert!(matches!(error.kind(), ErrorKind::Value { .. }), "{error}");
    Ok(())
}
