use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::super::adapters;
use super::super::matmul::cooperative::Fragments;
use super::super::shader::{Shader, Target};
use super::*;
use crate::{Device, Result, Tensor};

/// A target with fragments of that size.
fn target(size: usize) -> Target {
    let mut target = Target {
        subgroup: Some(32),
        workgroup_memory: 49_152,
        ..Target::of_a_gpu()
    };
    target.cooperative = Fragments::new(size, &target);
    assert!(target.cooperative.is_some());
    target
}

/// What computes a product whose operands lie row after row, or turned, at that place.
fn shader(target: &Target, dtype: DType, [m, n, k]: [usize; 3], turned: bool, at: usize) -> Shader {
    let matrix = |slot, rows: usize, columns: usize| {
        let strides = match turned {
            true => [1, rows as isize],
            false => [columns as isize, 1],
        };
        let layout = Layout::from_parts(Shape::of(&[rows, columns]), &strides, at);
        Matrix { slot, layout }
    };
    let operands = [matrix(0, m, k), matrix(1, k, n)];
    let mut kernel = plain(&operands, k);
    kernel.core = Core::Matmul {
        a: operands[0].clone(),
        b: operands[1].clone(),
        dtype,
        k,
        vector: false,
    };
    let work = Work::of_kernel(&kernel, target, &|_, _| None);
    work.shader(target, work.lines(target))
}

fn validate(text: &str) {
    let module = naga::front::wgsl::parse_str(text)
        .unwrap_or_else(|e| panic!("{}\n{text}", e.emit_to_string(text)));
    let capabilities = Capabilities::IMMEDIATES
        | Capabilities::SHADER_FLOAT16
        | Capabilities::SUBGROUP
        | Capabilities::COOPERATIVE_MATRIX;
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}\n{text}", e.emit_to_string(text)));
    let words = naga::back::spv::write_vec(&module, &info, &Default::default(), None);
    assert!(words.expect("SPIR-V").len() > 1000);
}

#[test]
fn texts_are_valid() {
    for size in [8, 16] {
        let target = target(size);
        for (turned, at) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
            let shader = shader(&target, DType::F16, [200, 136, 2048], turned, at);
            assert_eq!(shader.name, "matmul_cooperative");
            assert!(
                shader
                    .text
                    .contains(&format!("coop_mat{size}x{size}<f16, A>"))
            );
            validate(&shader.text);
        }
    }
}

#[test]
fn the_template_is_valid() {
    validate(include_str!("../../../../shaders/matmul_cooperative.wgsl"));
}

#[test]
fn products_of_f16_that_fill_fragments_are_cooperative() {
    let target = target(16);
    let name = |dtype, sizes| shader(&target, dtype, sizes, false, 0).name;
    assert_eq!(name(DType::F16, [1, 64, 64]), "matmul_cooperative");
    assert_eq!(name(DType::F16, [64, 15, 64]), "matmul_workgroup");
    assert_eq!(name(DType::F16, [64, 64, 15]), "matmul_workgroup");
    assert_eq!(name(DType::F32, [64, 64, 64]), "matmul_workgroup");
    let without = Target {
        cooperative: None,
        ..target.clone()
    };
    let plain = shader(&without, DType::F16, [64, 64, 64], false, 0);
    assert_eq!(plain.name, "matmul_workgroup");
}

#[test]
fn fragments_are_those_that_are_listed() {
    use wgpu::CooperativeScalarType::{F16, F32};
    let kind = |sizes: [u32; 3], ab_type, cr_type| wgpu::CooperativeMatrixProperties {
        m_size: sizes[0],
        n_size: sizes[1],
        k_size: sizes[2],
        ab_type,
        cr_type,
        saturating_accumulation: false,
    };
    let others = [
        kind([16; 3], F16, F16),
        kind([16; 3], F32, F32),
        kind([16, 8, 16], F16, F32),
    ];
    assert_eq!(cooperative::listed(&others), None);
    let eight = [others[0], kind([8; 3], F16, F32)];
    assert_eq!(cooperative::listed(&eight), Some(8));
    let both = [eight[1], kind([16; 3], F16, F32)];
    assert_eq!(cooperative::listed(&both), Some(16));
    let small = Target {
        subgroup: Some(32),
        ..Target::of_a_gpu()
    };
    assert_eq!(Fragments::new(16, &small), None, "16 KiB");
    assert!(Fragments::new(8, &small).is_some());
    let varying = Target {
        subgroup: None,
        ..target(16)
    };
    assert_eq!(Fragments::new(16, &varying), None);
}

/// The first adapter that takes f16, opened as if it listed fragments, whether or not they pass.
fn pretending(sabotage: Option<(&'static str, &'static str)>) -> Option<Gpu> {
    let options = DeviceOptions {
        sabotage,
        // Not among the shaders that a run collects and validates.
        dump: Some(std::env::temp_dir().join("tilewise-tried-shaders")),
        ..DeviceOptions::new()
    };
    let adapter = pollster::block_on(adapters()).into_iter().next();
    let gpu = adapter
        .map(|adapter| pollster::block_on(Gpu::open_with(&adapter, options, Some(16))))
        .and_then(Result::ok)
        .filter(|gpu| gpu.limits.f16);
    if gpu.is_none() {
        eprintln!("*** SKIPPED: no GPU adapter with f16 ***");
    }
    gpu
}

#[test]
fn what_cannot_be_compiled_or_is_wrong_does_not_pass() {
    let Some(gpu) = pretending(None) else {
        return;
    };
    assert!(gpu.target.cooperative.is_some());
    // The device has no cooperative matrices, and lives on after having been asked.
    assert!(!gpu.multiplies(MatmulKernel::Cooperative));
    assert!(gpu.multiplies(MatmulKernel::Workgroup));
    // Wrong in one step of k, and on one row of the last block.
    for sabotage in [
        ("next + left_step0", "next + 3u + left_step0"),
        ("if row + 1u < m", "if row + 1u < m && block_row == 0u"),
    ] {
        if let Some(gpu) = pretending(Some(sabotage)) {
            assert!(!gpu.multiplies(MatmulKernel::Workgroup), "{sabotage:?}");
        }
    }
}

#[test]
fn an_adapter_that_does_not_pass_is_used_without() -> Result<()> {
    let Some(adapter) = pollster::block_on(adapters()).into_iter().next() else {
        eprintln!("*** SKIPPED: no GPU adapter ***");
        return Ok(());
    };
    let options = DeviceOptions {
        fragments: Some(16),
        matmul: Some(MatmulKernel::Cooperative),
        dump: Some(std::env::temp_dir().join("tilewise-tried-shaders")),
        ..DeviceOptions::new()
    };
    let gpu = pollster::block_on(Gpu::open(&adapter, options))?;
    assert_eq!(gpu.target.cooperative, None);
    let dev = Device::over(std::sync::Arc::new(gpu), Device::list().swap_remove(0));
    let x = Tensor::ones([40, 50], &dev)?.contiguous();
    let dtype = if dev.supports_f16() {
        DType::F16
    } else {
        DType::F32
    };
    let x = x.to_dtype(dtype);
    let product = x.matmul(&x.t())?.to_dtype(DType::F32).to_vec::<f32>()?;
    assert_eq!(product, [50.0; 1600]);
    Ok(())
}
