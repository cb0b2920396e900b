// The rate of arithmetic: multiplications and additions on registers, as fast as they go.
//
// Rust fills the marked slot; as it stands, the kernel has its parameters in a uniform block. An
// invocation keeps 32 sums, which do not depend on one another, in flight.

//[header
struct Params { words: array<vec4<u32>, 1> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read_write> b0: array<f32>;
const GROUP = 64u;
//]

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

// 32 operations on elements, written as the products write theirs: a driver may contract them.
fn steps(c: vec4<f32>, x: f32, y: vec4<f32>) -> vec4<f32> {
    let d = c * x + y;
    let e = d * x + y;
    let f = e * x + y;
    return f * x + y;
}

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = (group.y * groups.x + group.x) * GROUP + local;
    let rounds = word(0u);
    // Nobody knows their values before the kernel runs.
    let x = bitcast<f32>(word(1u));
    let y = vec4(f32(i));
    var c0 = y;
    var c1 = y + 1.0;
    var c2 = y + 2.0;
    var c3 = y + 3.0;
    var c4 = y + 4.0;
    var c5 = y + 5.0;
    var c6 = y + 6.0;
    var c7 = y + 7.0;
    for (var round = 0u; round < rounds; round += 1u) {
        c0 = steps(c0, x, y);
        c1 = steps(c1, x, y);
        c2 = steps(c2, x, y);
        c3 = steps(c3, x, y);
        c4 = steps(c4, x, y);
        c5 = steps(c5, x, y);
        c6 = steps(c6, x, y);
        c7 = steps(c7, x, y);
    }
    // All of it is wanted.
    let sum = ((c0 + c1) + (c2 + c3)) + ((c4 + c5) + (c6 + c7));
    b0[i] = sum.x + sum.y + sum.z + sum.w;
}
