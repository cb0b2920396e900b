// The Philox 4x32-10 counter-based random generator; needs integer.wgsl.

fn tw_philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let a = 0xd2511f53u * c.x;
        let b = 0xcd9e8d57u * c.z;
        c = vec4(tw_mul_hi(0xcd9e8d57u, c.z) ^ c.y ^ k.x, b, tw_mul_hi(0xd2511f53u, c.x) ^ c.w ^ k.y, a);
        k += vec2(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}
