//! Samples of Google's Camera Motion Metadata (`camm`): one packet of one type in each, small end first.
//!
//! Source: the specification at <https://developers.google.com/streetview/publish/camm-spec>.

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Packet {
    /// Type 0: rotation from the camera to a world of the application's choice, as an axis whose length is the angle, radians.
    AngleAxis([f32; 3]),
    /// Type 1: how long a row of the picture is exposed, and how much later the last row begins than the first, nanoseconds.
    Exposure {
        /// Of one pixel.
        pixel: i32,
        /// From the first row to the last.
        skew: i32,
    },
    /// Type 2: angular velocity, radians per second.
    Gyro([f32; 3]),
    /// Type 3: acceleration, metres per second squared.
    Acceleration([f32; 3]),
    /// Type 4: position in a world of the application's choice.
    Position([f32; 3]),
    /// Type 5: latitude and longitude in degrees, altitude in metres.
    Place([f64; 3]),
    /// Type 6: what a satellite receiver says.
    Gps(Gps),
    /// Type 7: magnetic field, microtesla.
    Magnetic([f32; 3]),
}

/// The values of a packet of type 6.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gps {
    /// Seconds since an epoch: 1980 by the specification, 1970 as some write it.
    pub time: f64,
    /// 0 none, 2 without altitude, 3 with.
    pub fix: u32,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// Metres.
    pub altitude: f32,
    /// Horizontal and vertical accuracy in metres; velocity east, north and up in metres per second, and its accuracy.
    pub more: [f32; 6],
}

/// Bytes of a sample by type, with the four before the values.
const SIZES: [usize; 8] = [16, 12, 16, 16, 16, 28, 60, 16];

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn three(&mut self) -> Option<[f32; 3]> {
        Some([self.f32()?, self.f32()?, self.f32()?])
    }
}

/// The packets of a sample: one by the specification, several as some write them. False when one is of an unknown type or
/// too short; what follows it cannot be found.
#[must_use]
pub fn packets(sample: &[u8]) -> (Vec<Packet>, bool) {
    let (mut out, mut rest) = (Vec::new(), sample);
    while rest.iter().any(|b| *b != 0) || (out.is_empty() && !rest.is_empty()) {
        let kind = rest.get(2..).and_then(|r| r.first_chunk().copied()).map(u16::from_le_bytes);
        let (Some(p), Some(len)) = (read(rest), kind.and_then(size)) else { return (out, false) };
        out.push(p);
        rest = rest.get(len..).unwrap_or_default();
    }
    (out, !sample.is_empty())
}

/// Reads the first packet of a sample; `None` for an unknown type and when it is too short.
#[must_use]
pub fn read(sample: &[u8]) -> Option<Packet> {
    let mut c = Cursor(sample.get(2..)?);
    Some(match u16::from_le_bytes(c.take()?) {
        0 => Packet::AngleAxis(c.three()?),
        1 => Packet::Exposure { pixel: c.take().map(i32::from_le_bytes)?, skew: c.take().map(i32::from_le_bytes)? },
        2 => Packet::Gyro(c.three()?),
        3 => Packet::Acceleration(c.three()?),
        4 => Packet::Position(c.three()?),
        5 => Packet::Place([c.f64()?, c.f64()?, c.f64()?]),
        6 => Packet::Gps(Gps {
            time: c.f64()?,
            fix: c.take().map(u32::from_le_bytes)?,
            latitude: c.f64()?,
            longitude: c.f64()?,
            altitude: c.f32()?,
            more: [c.f32()?, c.f32()?, c.f32()?, c.f32()?, c.f32()?, c.f32()?],
        }),
        7 => Packet::Magnetic(c.three()?),
        _ => return None,
    })
}

/// A packet as a sample, for fixtures.
#[must_use]
pub fn write(p: &Packet) -> Vec<u8> {
    let reals = |all: &[f32]| all.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let (kind, body) = match p {
        Packet::AngleAxis(x) => (0u16, reals(x)),
        Packet::Exposure { pixel, skew } => (1, [pixel.to_le_bytes(), skew.to_le_bytes()].concat()),
        Packet::Gyro(x) => (2, reals(x)),
        Packet::Acceleration(x) => (3, reals(x)),
        Packet::Position(x) => (4, reals(x)),
        Packet::Place(x) => (5, x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Packet::Gps(g) => {
            let head = [&g.time.to_le_bytes()[..], &g.fix.to_le_bytes(), &g.latitude.to_le_bytes()].concat();
            (6, [head, g.longitude.to_le_bytes().to_vec(), reals(&[g.altitude]), reals(&g.more)].concat())
        }
        Packet::Magnetic(x) => (7, reals(x)),
    };
    [&[0, 0][..], &kind.to_le_bytes(), &body].concat()
}

/// Bytes that a sample of this type has.
#[must_use]
pub fn size(kind: u16) -> Option<usize> {
    SIZES.get(usize::from(kind)).copied()
}

/// One packet of each type, for fixtures.
#[must_use]
pub fn samples() -> [Packet; 8] {
    let gps = Gps {
        time: 1_300_000_000.25,
        fix: 3,
        latitude: 48.25,
        longitude: -1.5,
        altitude: 35.5,
        more: [1.0, 2.0, 3.0, 4.0, 0.0, 0.5],
    };
    [
        Packet::AngleAxis([0.5, -0.25, 1.0]),
        Packet::Exposure { pixel: 10_000_000, skew: 20_000_000 },
        Packet::Gyro([0.125, 0.25, -0.5]),
        Packet::Acceleration([0.0, 9.75, 0.5]),
        Packet::Position([1.0, 2.0, 3.0]),
        Packet::Place([48.25, -1.5, 35.5]),
        Packet::Gps(gps),
        Packet::Magnetic([20.0, 30.0, -40.0]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_there_and_back() {
        for (n, p) in samples().iter().enumerate() {
            let bytes = write(p);
            assert_eq!((read(&bytes), Some(bytes.len())), (Some(*p), size(n as u16)), "type {n}");
            for at in 0..bytes.len() {
                assert_eq!(read(&bytes[..at]), None, "type {n} cut at {at}");
                let mut odd = bytes.clone();
                odd[at] ^= 0x55;
                let _ = read(&odd);
            }
        }
        assert_eq!((read(&[0, 0, 8, 0, 1, 2, 3, 4]), size(8)), (None, None));
        let all: Vec<u8> = samples().iter().flat_map(write).collect();
        assert_eq!(packets(&all), (samples().to_vec(), true));
        assert_eq!(packets(&all[..all.len() - 1]), (samples()[..7].to_vec(), false));
        assert_eq!((packets(&[]), packets(&[1])), ((Vec::new(), false), (Vec::new(), false)));
    }
}
