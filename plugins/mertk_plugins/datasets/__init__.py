"""Shipped data sets, one file each, and the parameters that most of them share.

Args:
    repair: which known errors of the annotations are corrected: `none`; `official`, where the
        authors published the right value; `recommended`, also where the field's best evidence gives
        it.
    missing: what happens where an annotated clip has no frames: `error`; or `skip`, which leaves
        the clip out with a warning, so that the clip list is no longer the published one.
    sheet: file name of the annotations to read, where there are several editions; null takes the
        usual one.
"""
