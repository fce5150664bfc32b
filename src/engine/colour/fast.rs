//! `exp2`, `log2` and `pow` of `f32` from plain IEEE operations: the same bits on every machine, and loops of them
//! become vector instructions.

// Powers of ln 2 over factorials: the Taylor series of 2^f, whose next term is below 6e-9 for |f| ≤ 1/2.
const E1: f32 = std::f32::consts::LN_2;
const E2: f32 = 0.240_226_5;
const E3: f32 = 0.055_504_11;
const E4: f32 = 0.009_618_129;
const E5: f32 = 0.001_333_355_8;
const E6: f32 = 0.000_154_035_3;
const E7: f32 = 0.000_015_252_734;

/// 1.5 × 2^23: adding it rounds to a whole number, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;

/// 2 to the power of `x`, within 2 units in the last place; ∞ above 128, 0 below −151, NaN for NaN.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = if x < -151.0 { -151.0 } else { x };
    let x = if x > 129.0 { 129.0 } else { x };
    let t = x + ROUND;
    let f = x - (t - ROUND);
    let p = 1.0 + f * (E1 + f * (E2 + f * (E3 + f * (E4 + f * (E5 + f * (E6 + f * E7))))));
    let n = t.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed();
    // in two halves, so that results beyond the largest and below the smallest normal number come out right
    let half = n >> 1;
    p * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127).cast_unsigned()) << 23)
}

// 2 / (k ln 2): log2((1 + s) / (1 - s)) in odd powers of s, whose next term is below 3e-9 of the whole.
const L1: f32 = 2.885_39;
const L3: f32 = 0.961_796_7;
const L5: f32 = 0.577_078;
const L7: f32 = 0.412_198_6;
const L9: f32 = 0.320_598_9;

/// Logarithm to base 2 of a positive number, within 1e-7 absolute plus one unit in the last place; ∞ for ∞, NaN for NaN.
/// Without meaning for 0 and below: callers choose another branch there.
#[inline(always)]
pub fn log2(x: f32) -> f32 {
    let small = x < f32::MIN_POSITIVE;
    let v = if small { x * 8_388_608.0 } else { x };
    let below = if small { -23.0 } else { 0.0 };
    // the mantissa is brought to between √½ and √2
    let e = v.to_bits().wrapping_sub(0x3f35_04f3).cast_signed() >> 23;
    let m = f32::from_bits(v.to_bits().wrapping_sub((e << 23).cast_unsigned()));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let r = (e as f32 + below) + s * (L1 + z * (L3 + z * (L5 + z * (L7 + z * L9))));
    if x <= f32::MAX { r } else { x }
}

/// `x` to the power of `p` for positive `x`: the relative error is below 1e-7 × (2 + |p log2 x|).
#[inline(always)]
pub fn pow(x: f32, p: f32) -> f32 {
    exp2(p * log2(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exact_and_special_values() {
        for n in -149..=127 {
            assert_eq!(exp2(n as f32), 2f64.powi(n) as f32, "2^{n}");
            assert_eq!(log2(2f64.powi(n) as f32), n as f32, "log2 2^{n}");
        }
        assert_eq!((exp2(128.0), exp2(f32::INFINITY), exp2(1e30)), (f32::INFINITY, f32::INFINITY, f32::INFINITY));
        assert_eq!((exp2(-152.0), exp2(f32::NEG_INFINITY)), (0.0, 0.0));
        assert_eq!((log2(f32::INFINITY), pow(1.0, 2.4), pow(f32::INFINITY, 0.5)), (f32::INFINITY, 1.0, f32::INFINITY));
        assert!(exp2(f32::NAN).is_nan() && log2(f32::NAN).is_nan());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn exp2_is_near(x in -126f32..128.0) {
            let want = f64::from(x).exp2();
            prop_assert!((f64::from(exp2(x)) / want - 1.0).abs() < 2.4e-7, "{} {}", x, exp2(x));
        }

        #[test]
        fn log2_is_near(bits in 1u32..0x7f80_0000) {
            let x = f32::from_bits(bits);
            let want = f64::from(x).log2();
            prop_assert!((f64::from(log2(x)) - want).abs() <= 1e-7 + want.abs() * 1.2e-7, "{} {} {}", x, log2(x), want);
        }

        #[test]
        fn pow_is_near(x in 1e-6f32..65504.0, p in 0.1f32..4.0) {
            let exponent = f64::from(p) * f64::from(x).log2();
            let want = exponent.exp2();
            prop_assume!(exponent.abs() < 120.0);
            prop_assert!((f64::from(pow(x, p)) / want - 1.0).abs() < 1e-7 * (4.0 + 1.5 * exponent.abs()));
        }
    }
}
