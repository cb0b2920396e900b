// Two kernels that do nothing but what they are timed for.

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> result: array<vec4<f32>>;

const THREADS: u32 = 64;
const STEPS: u32 = 256;

fn invocation(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.y * groups.x * THREADS + id.x;
}

@compute @workgroup_size(THREADS)
fn copy(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = invocation(id, groups);
    if at < arrayLength(&result) {
        result[at] = source[at];
    }
}

// Eight chains of vectors, four steps of each unrolled, so that the loop costs little.
@compute @workgroup_size(THREADS)
fn multiply_add(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = invocation(id, groups);
    let f = source[0];
    var a = f; var b = f + 1.0; var c = f + 2.0; var d = f + 3.0;
    var e = f + 4.0; var g = f + 5.0; var h = f + 6.0; var i = f + 7.0;
    for (var step = 0u; step < STEPS; step++) {
        a = fma(a, f, f); b = fma(b, f, f); c = fma(c, f, f); d = fma(d, f, f);
        e = fma(e, f, f); g = fma(g, f, f); h = fma(h, f, f); i = fma(i, f, f);
        a = fma(a, f, f); b = fma(b, f, f); c = fma(c, f, f); d = fma(d, f, f);
        e = fma(e, f, f); g = fma(g, f, f); h = fma(h, f, f); i = fma(i, f, f);
        a = fma(a, f, f); b = fma(b, f, f); c = fma(c, f, f); d = fma(d, f, f);
        e = fma(e, f, f); g = fma(g, f, f); h = fma(h, f, f); i = fma(i, f, f);
        a = fma(a, f, f); b = fma(b, f, f); c = fma(c, f, f); d = fma(d, f, f);
        e = fma(e, f, f); g = fma(g, f, f); h = fma(h, f, f); i = fma(i, f, f);
    }
    result[at] = a + b + c + d + e + g + h + i;
}
