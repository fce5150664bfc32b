//! The colour spaces that are known: one entry each of curve, gamut, adaptation, and where the constants come from.

use super::law::{Law, Log, PowerToe};
use super::matrix::{self, Matrix, Xy};
use serde::Serialize;

/// What values of a space stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Scene light, linear: 0.18 is mid grey.
    SceneLinear,
    /// Scene light behind a logarithm or a camera's curve.
    SceneCoded,
    /// Light of a display, coded: 1 is the display's white.
    Display,
    /// Light of a display, linear.
    DisplayLinear,
}

/// How sure the constants of an entry are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The maker's or the standard body's own formulas or code were read.
    Read,
    /// Taken from agreeing implementations (OCIO, colour-science); the document itself was not read.
    SecondHand,
}

/// Red, green, blue and white, or the tristimulus values themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Primaries {
    /// CIE 1931 chromaticities.
    Rgb {
        /// Red.
        red: Xy,
        /// Green.
        green: Xy,
        /// Blue.
        blue: Xy,
        /// White.
        white: Xy,
    },
    /// CIE XYZ, Y of white = 1.
    Xyz {
        /// The white that is white.
        white: Xy,
    },
}

/// A set of primaries with a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gamut {
    /// Short name (`AWG3`).
    pub name: &'static str,
    /// Its primaries.
    pub primaries: Primaries,
}

impl Gamut {
    /// The white.
    #[must_use]
    pub fn white(&self) -> Xy {
        match self.primaries {
            Primaries::Rgb { white, .. } | Primaries::Xyz { white } => white,
        }
    }

    /// Linear values of this gamut to CIE XYZ under its own white.
    #[must_use]
    pub fn to_xyz(&self) -> Matrix {
        match self.primaries {
            Primaries::Rgb { red, green, blue, white } => matrix::primaries_to_xyz(red, green, blue, white),
            Primaries::Xyz { .. } => matrix::IDENTITY,
        }
    }
}

/// How another white becomes that of ACES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adaptation {
    /// The white is that of ACES already.
    None,
    /// CIECAM02 cone responses, as ARRI and Sony do.
    Cat02,
    /// Bradford cone responses, as OCIO's configurations do for video and display spaces.
    Bradford,
}

/// A curve with a name.
#[derive(Debug, Clone, Copy)]
pub struct Encoding {
    /// Name (`LogC4`).
    pub name: &'static str,
    /// Makes its constants.
    pub law: fn() -> Law,
}

/// A colour space.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    /// The name, as in the ACES studio configuration for OCIO.
    pub name: &'static str,
    /// Other names; see [`find`].
    pub aliases: &'static [&'static str],
    /// What its values stand for.
    pub kind: Kind,
    /// Its curve; none is linear.
    pub encoding: Option<Encoding>,
    /// Its primaries.
    pub gamut: &'static Gamut,
    /// How its white becomes that of ACES.
    pub adaptation: Adaptation,
    /// What a person should know when choosing it; may be empty.
    pub about: &'static str,
    /// Where the constants come from.
    pub source: &'static str,
    /// Whether that source was read.
    pub evidence: Evidence,
}

impl Space {
    /// Linear values of this space to ACES2065-1.
    #[must_use]
    pub fn to_aces(&self) -> Matrix {
        let out = matrix::inverse(&AP0.to_xyz());
        let cones = match self.adaptation {
            Adaptation::None => return matrix::product(&out, &self.gamut.to_xyz()),
            Adaptation::Cat02 => matrix::CAT02,
            Adaptation::Bradford => matrix::BRADFORD,
        };
        let white = matrix::adapt(&cones, self.gamut.white(), AP0.white());
        matrix::product(&out, &matrix::product(&white, &self.gamut.to_xyz()))
    }

    /// Whether linear values of both are the same numbers.
    #[must_use]
    pub fn same_light(&self, other: &Self) -> bool {
        self.gamut == other.gamut && self.adaptation == other.adaptation
    }

    /// Whether its values are scene light, coded or not.
    #[must_use]
    pub fn is_scene(&self) -> bool {
        matches!(self.kind, Kind::SceneLinear | Kind::SceneCoded)
    }
}

/// The space of this name or alias. Capitals, spaces and punctuation other than the full stop do not count:
/// `s-log3 s-gamut3.cine`, `SLOG3 SGAMUT3.CINE`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Space> {
    if name.len() > 200 {
        return None;
    }
    let want = plain(name);
    if want.is_empty() {
        return None;
    }
    SPACES.iter().find(|s| names(s).any(|n| plain(n) == want))
}

/// The name and the aliases of a space.
pub fn names(space: &Space) -> impl Iterator<Item = &'static str> + use<> {
    std::iter::once(space.name).chain(space.aliases.iter().copied())
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase).collect()
}

const D65: Xy = (0.3127, 0.3290);

const fn rgb(name: &'static str, red: Xy, green: Xy, blue: Xy, white: Xy) -> Gamut {
    Gamut { name, primaries: Primaries::Rgb { red, green, blue, white } }
}

/// ACES primaries 0: SMPTE ST 2065-1, table 1.
pub static AP0: Gamut = rgb("AP0", (0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), (0.32168, 0.33767));
/// ACES primaries 1: Academy S-2014-004 (ACEScg).
pub static AP1: Gamut = rgb("AP1", (0.713, 0.293), (0.165, 0.830), (0.128, 0.044), (0.32168, 0.33767));
/// ARRI Wide Gamut 3.
pub static AWG3: Gamut = rgb("AWG3", (0.6840, 0.3130), (0.2210, 0.8480), (0.0861, -0.1020), D65);
/// ARRI Wide Gamut 4.
pub static AWG4: Gamut = rgb("AWG4", (0.7347, 0.2653), (0.1424, 0.8576), (0.0991, -0.0308), D65);
/// Sony S-Gamut3.
pub static SGAMUT3: Gamut = rgb("S-Gamut3", (0.730, 0.280), (0.140, 0.855), (0.100, -0.050), D65);
/// Sony S-Gamut3.Cine.
pub static SGAMUT3_CINE: Gamut = rgb("S-Gamut3.Cine", (0.766, 0.275), (0.225, 0.800), (0.089, -0.087), D65);
/// ITU-R BT.709-6, item 1.3.
pub static REC709: Gamut = rgb("Rec.709", (0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65);
/// ITU-R BT.2020-2, table 3.
pub static REC2020: Gamut = rgb("Rec.2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65);
/// SMPTE RP 431-2 primaries with the white D65 (SMPTE EG 432-1).
pub static P3_D65: Gamut = rgb("P3-D65", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65);
/// CIE XYZ with the white D65.
pub static XYZ_D65: Gamut = Gamut { name: "XYZ-D65", primaries: Primaries::Xyz { white: D65 } };

/// LogC3 for an exposure index, by the formulas of ARRI's IDT maker, version 0.09: gain 500/1023 · 0.525 at EI 400,
/// falling by 0.11 in three stops; offset 400/1023, less what brings black to code 95/1023; a line below 1/9 of the
/// logarithm's argument. (Its sensor black of 16/4095 and mid grey of 0.01 cancel in relative exposure.)
///
/// ARRI's printed table (cut, a to f per EI) is these numbers rounded to six decimals. The rounding shows near black:
/// decoded with the printed numbers of EI 800, values differ from OCIO's builtin by up to 6.8e-5 of themselves (of 0.001
/// where they are smaller; 7e-8 absolute below 0.01); decoded with these formulas, which OCIO uses too, by up to 1.4e-6
/// (2.4e-9). Hence the formulas.
///
/// Above EI 1600 cameras bend the highlights to stay within the code range, which this form does not contain.
#[must_use]
pub fn logc3(ei: f64) -> Log {
    let cut = 1.0 / 9.0;
    let slope = 1.0 / (cut * 10f64.ln());
    let offset = f64::log10(cut) - slope * cut;
    let gain = (1.0 - 0.11 / 3.0 * (ei / 400.0).log2()) * (500.0 / 1023.0 * 0.525);
    let (mut code_offset, mut shift) = (400.0 / 1023.0, 0.0);
    for _ in 0..3 {
        shift = ((95.0 / 1023.0 - code_offset) / gain - offset) / slope;
        code_offset = 400.0 / 1023.0 - f64::log10(1.0 + shift) * gain;
    }
    Log::smooth(10.0, gain, code_offset, 1.0 / 0.18, shift, (cut - shift) * 0.18)
}

/// LogC4: ARRI's CTL (`CSC.Arri.LogC4_to_ACES.a2.v1`); the line begins at code 0.
fn logc4() -> Law {
    let a = (2f64.powi(18) - 16.0) / 117.45;
    let (b, c) = ((1023.0 - 95.0) / 1023.0, 95.0 / 1023.0);
    let s = 7.0 * 2f64.ln() * f64::exp2(7.0 - 14.0 * c / b) / (a * b);
    let t = (f64::exp2(6.0 - 14.0 * c / b) - 64.0) / a;
    Law::Log(Log {
        base: 2.0,
        log_slope: b / 14.0,
        log_offset: c - 6.0 * b / 14.0,
        lin_slope: a,
        lin_offset: 64.0,
        lin_break: t,
        linear_slope: 1.0 / s,
        linear_offset: -t / s,
    })
}

/// S-Log3: Sony's CTL (`CSC.Sony.SLog3_SGamut3Cine_to_ACES.a2.v1`).
fn slog3() -> Law {
    Law::Log(Log {
        base: 10.0,
        log_slope: 261.5 / 1023.0,
        log_offset: 420.0 / 1023.0,
        lin_slope: 1.0 / 0.19,
        lin_offset: 0.01 / 0.19,
        lin_break: 0.01125,
        linear_slope: (171.210_294_692_9 - 95.0) / 0.01125 / 1023.0,
        linear_offset: 95.0 / 1023.0,
    })
}

/// ACEScct: Academy S-2016-001, as in the Academy's CTL; without its clamp at 65504, as in OCIO.
fn acescct() -> Law {
    Law::Log(Log {
        base: 2.0,
        log_slope: 1.0 / 17.52,
        log_offset: 9.72 / 17.52,
        lin_slope: 1.0,
        lin_offset: 0.0,
        lin_break: 0.0078125,
        linear_slope: 10.540_237_741_654_5,
        linear_offset: 0.072_905_534_195_835_5,
    })
}

/// sRGB. IEC 61966-2-1 prints 12.92 and 0.0031308; here, as in OCIO, the line touches the power (12.9232 and 0.0030399).
/// The two differ by up to 1e-5 of code 1.
fn srgb() -> Law {
    Law::PowerToe(PowerToe::smooth(2.4, 0.055))
}

/// The camera curve of BT.709 with its exponent 0.45 and 0.099; the line touches the power, as in OCIO: 4.5138 and
/// 0.017945 where BT.709 prints 4.5 and 0.018, between which the curve jumps. The two differ by up to 2.5e-4 of code 1.
fn bt709() -> Law {
    Law::PowerToe(PowerToe::smooth(1.0 / 0.45, 0.099))
}

fn gamma22() -> Law {
    Law::Power { gamma: 2.2 }
}

fn gamma24() -> Law {
    Law::Power { gamma: 2.4 }
}

const fn linear(
    name: &'static str,
    aliases: &'static [&'static str],
    gamut: &'static Gamut,
    adaptation: Adaptation,
) -> Space {
    Space {
        name,
        aliases,
        kind: Kind::SceneLinear,
        encoding: None,
        gamut,
        adaptation,
        about: "",
        source: "",
        evidence: Evidence::SecondHand,
    }
}

impl Space {
    const fn coded(self, kind: Kind, name: &'static str, law: fn() -> Law) -> Self {
        Self { kind, encoding: Some(Encoding { name, law }), ..self }
    }

    const fn from(self, evidence: Evidence, source: &'static str) -> Self {
        Self { evidence, source, ..self }
    }

    const fn note(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

const fn arri3(name: &'static str, aliases: &'static [&'static str], curve: &'static str, law: fn() -> Law) -> Space {
    linear(name, aliases, &AWG3, Adaptation::Cat02).coded(Kind::SceneCoded, curve, law).from(
        Evidence::Read,
        "curve: ARRI's IDT maker 0.09; gamut: ARRI Wide Gamut 3 primaries as in OCIO, whose matrix is ARRI's to six decimals",
    )
}

const fn video(name: &'static str, aliases: &'static [&'static str], gamut: &'static Gamut) -> Space {
    linear(name, aliases, gamut, Adaptation::Bradford)
}

const DELIVERY: &str = "light is coded as it is: nothing is rendered from scene to display here";

/// Every space, ACES2065-1 first.
pub static SPACES: &[Space] = &[
    linear("ACES2065-1", &["aces", "ap0", "lin_ap0"], &AP0, Adaptation::None)
        .from(Evidence::Read, "Academy CTL; SMPTE ST 2065-1 chromaticities"),
    linear("ACEScg", &["ap1", "lin_ap1"], &AP1, Adaptation::None).from(Evidence::Read, "Academy CTL"),
    linear("ACEScct", &["acescct_ap1"], &AP1, Adaptation::None)
        .coded(Kind::SceneCoded, "ACEScct", acescct)
        .from(Evidence::Read, "Academy CTL; Academy S-2016-001")
        .note("the usual working space of a CDL"),
    arri3("ARRI LogC3 (EI800)", &["logc3", "logc3 ei800", "arri_logc3_ei800"], "LogC3 (EI800)", || {
        Law::Log(logc3(800.0))
    })
    .note("`logc3` alone means this exposure index; the others have entries of their own"),
    arri3("ARRI LogC3 (EI160)", &["logc3 ei160"], "LogC3 (EI160)", || Law::Log(logc3(160.0))),
    arri3("ARRI LogC3 (EI200)", &["logc3 ei200"], "LogC3 (EI200)", || Law::Log(logc3(200.0))),
    arri3("ARRI LogC3 (EI250)", &["logc3 ei250"], "LogC3 (EI250)", || Law::Log(logc3(250.0))),
    arri3("ARRI LogC3 (EI320)", &["logc3 ei320"], "LogC3 (EI320)", || Law::Log(logc3(320.0))),
    arri3("ARRI LogC3 (EI400)", &["logc3 ei400"], "LogC3 (EI400)", || Law::Log(logc3(400.0))),
    arri3("ARRI LogC3 (EI500)", &["logc3 ei500"], "LogC3 (EI500)", || Law::Log(logc3(500.0))),
    arri3("ARRI LogC3 (EI640)", &["logc3 ei640"], "LogC3 (EI640)", || Law::Log(logc3(640.0))),
    arri3("ARRI LogC3 (EI1000)", &["logc3 ei1000"], "LogC3 (EI1000)", || Law::Log(logc3(1000.0))),
    arri3("ARRI LogC3 (EI1280)", &["logc3 ei1280"], "LogC3 (EI1280)", || Law::Log(logc3(1280.0))),
    arri3("ARRI LogC3 (EI1600)", &["logc3 ei1600"], "LogC3 (EI1600)", || Law::Log(logc3(1600.0))),
    linear("Linear ARRI Wide Gamut 3", &["awg3", "lin_awg3"], &AWG3, Adaptation::Cat02)
        .from(Evidence::SecondHand, "ARRI Wide Gamut 3 primaries as in OCIO and colour-science"),
    linear("ARRI LogC4", &["logc4"], &AWG4, Adaptation::Cat02)
        .coded(Kind::SceneCoded, "LogC4", logc4)
        .from(Evidence::Read, "ARRI's CTL, CSC.Arri.LogC4_to_ACES.a2.v1"),
    linear("Linear ARRI Wide Gamut 4", &["awg4", "lin_awg4"], &AWG4, Adaptation::Cat02)
        .from(Evidence::Read, "ARRI's CTL, CSC.Arri.LogC4_to_ACES.a2.v1"),
    linear("S-Log3 S-Gamut3.Cine", &["slog3", "slog3 sgamut3cine"], &SGAMUT3_CINE, Adaptation::Cat02)
        .coded(Kind::SceneCoded, "S-Log3", slog3)
        .from(Evidence::Read, "Sony's CTL, CSC.Sony.SLog3_SGamut3Cine_to_ACES.a2.v1"),
    linear("Linear S-Gamut3.Cine", &["sgamut3.cine", "sgamut3cine"], &SGAMUT3_CINE, Adaptation::Cat02)
        .from(Evidence::Read, "Sony's CTL, CSC.Sony.SLog3_SGamut3Cine_to_ACES.a2.v1"),
    linear("S-Log3 S-Gamut3", &[], &SGAMUT3, Adaptation::Cat02)
        .coded(Kind::SceneCoded, "S-Log3", slog3)
        .from(Evidence::SecondHand, "curve: Sony's CTL; gamut: S-Gamut3 primaries as in OCIO and colour-science"),
    linear("Linear S-Gamut3", &["sgamut3"], &SGAMUT3, Adaptation::Cat02)
        .from(Evidence::SecondHand, "S-Gamut3 primaries as in OCIO and colour-science"),
    video("Camera Rec.709", &["rec709", "rec.709", "bt709 oetf", "camera 709", "rec709 camera"], &REC709)
        .coded(Kind::SceneCoded, "BT.709 OETF", bt709)
        .from(Evidence::SecondHand, "ITU-R BT.709 as in OCIO")
        .note("`rec709` alone means this one: scene light behind the camera curve of BT.709, as video tagged BT.709 is taken"),
    video("Gamma 2.4 Encoded Rec.709", &["bt1886", "rec1886", "g24_rec709"], &REC709)
        .coded(Kind::Display, "gamma 2.4", gamma24)
        .from(Evidence::SecondHand, "ITU-R BT.1886 with black at zero, as in OCIO")
        .note("the light of a display that shows video; light is coded as it is, nothing is rendered here"),
    video("Gamma 2.2 Encoded Rec.709", &["gamma22", "g22_rec709"], &REC709)
        .coded(Kind::Display, "gamma 2.2", gamma22)
        .from(Evidence::SecondHand, "as in OCIO")
        .note(DELIVERY),
    video("sRGB Encoded Rec.709 (sRGB)", &["srgb", "srgb_rec709"], &REC709)
        .coded(Kind::Display, "sRGB", srgb)
        .from(Evidence::SecondHand, "IEC 61966-2-1 as in OCIO")
        .note(DELIVERY),
    video("sRGB Encoded P3-D65", &["display p3", "srgb_p3d65"], &P3_D65)
        .coded(Kind::Display, "sRGB", srgb)
        .from(Evidence::SecondHand, "SMPTE EG 432-1 and IEC 61966-2-1 as in OCIO")
        .note(DELIVERY),
    video(
        "Linear Rec.709 (sRGB)",
        &["lin_rec709", "lin_srgb", "lin_709", "linear rec709", "linear rec.709", "linear srgb"],
        &REC709,
    )
    .from(Evidence::SecondHand, "ITU-R BT.709 primaries, as in OCIO"),
    video("Linear Rec.2020", &["lin_rec2020", "lin_2020"], &REC2020)
        .from(Evidence::SecondHand, "ITU-R BT.2020 primaries, as in OCIO"),
    video("Linear P3-D65", &["lin_p3d65"], &P3_D65)
        .from(Evidence::SecondHand, "SMPTE EG 432-1 primaries, as in OCIO"),
    Space {
        kind: Kind::DisplayLinear,
        ..video("CIE XYZ-D65", &["xyz", "xyz_d65", "cie_xyz_d65"], &XYZ_D65)
            .from(Evidence::SecondHand, "as OCIO's display reference: Bradford from the white of ACES")
    },
];

#[cfg(test)]
#[path = "spaces_tests.rs"]
mod tests;
