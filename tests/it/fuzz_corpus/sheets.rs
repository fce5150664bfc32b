//! Seeds of camera sheets and of other programs' answers.

/// By name.
pub const CAMERA: [(&str, &str); 10] = [
    (
        "sony",
        "<NonRealTimeMeta lastUpdate=\"x\"><Duration value=\"588\"/><LtcChangeTable tcFps=\"30\" halfStep=\"false\"><LtcChange \
         frameCount=\"0\" value=\"44410200\"/></LtcChangeTable><VideoFormat><VideoFrame formatFps=\"59.94i\"/><VideoLayout \
         pixelAspect=\"1:1\"/></VideoFormat><Camera serialNo=\"1\"/><AcquisitionRecord><Group name=\"CameraUnitMetadataSet\"><Item \
         name=\"ShutterSpeedAngle\" value=\"10380\"/></Group></AcquisitionRecord><Meta name=\"Reel\" content=\"1\"/></NonRealTimeMeta>",
    ),
    (
        "red",
        "Clip Name,ReelID,Abs TC,FPS,Lens,Aperture,Lens,Aperture,CDL Enabled:,CDL Slope: Red,Date\na,1,1:2:3:4,23.976,\"x\"\"\",T2,,F2,true,1,20220303\n",
    ),
    ("red-frames", "FrameNo,Timecode,Focus Distance\n0,23:17:21:08,410\n"),
    (
        "arri",
        "Index\tMaster TC\tCamera Serial Number\tMaster TC Drop Frame\tLens Iris\tLens Linear Iris\tExposure Time\n0\t1:2:3:4\t7\tno\t1.4 + 7/10\t--\t20 ms\n",
    ),
    (
        "arri-json",
        "{\"arriJsonHeader\":{},\"clipBasedMetadataSets\":[{\"metadataSetName\":\"Project Rate\",\"metadataSetPayload\":{\"timebase\":\"24\"}}],\
         \"frameBasedMetadata\":{\"frames\":[{\"timecode\":\"1:2:3:4\",\"frameBasedMetadataSets\":{\"Lens State\":{\"lensIris\":2667}}}]}}",
    ),
    ("canon", "ShotNumber,ReelNumber,Timescale,Duration,CreationTime\nA,1,30000,135135,2021/12/31 23:01\n"),
    (
        "canon-frames",
        "Timecode,FocalLength,PhotographicSensitivity,ApertureMode,ApertureNumber,Record_Date_Year\n0:0:0:0,180/10,2147485248/1,2,45/10,2022\n",
    ),
    (
        "blackmagic",
        "Clip Metadata\nformat_frame_rate: 1572864\nanamorphic: 2x\nanamorphic_enable: 1\nFrame 0 Metadata\nsensor_rate: 48,1,\n",
    ),
    (
        "sony-frames",
        "\"Timecode\",\"Clip Name\",\"Lens Model\",\"Aperture\",\"Focus Distance (ft)\"\n\"1:2:3:4\",\"a\",\"b\",\"T 2 3/10\",\"5.8\"\n",
    ),
    (
        "answer",
        "[{\"Track1:SourceImageWidth\":9,\"Track1:VideoFrameRate\":29.97,\"Track1:MediaDuration\":\"0:01:23\",\"File:FileType\":\"DPX\",\"File:TimeCode\":1}]",
    ),
];
