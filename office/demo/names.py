"""Common Chinese surnames and given names, telephone numbers that nobody has, plates of no region."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded by the caller; nothing here is a secret
from typing import Final

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红玲建国文斌鹏飞宇浩然子轩梓涵雨欣怡佳琪思远晨曦"
    "志成永康家豪美兰春梅冬雪小龙晓东海燕凤仪庆瑞祥兴旺德福安宁静雅诗婷慧敏嘉诚俊峰振国立新"
)


def person(draw: Random) -> str:
    """A full name of two or three characters."""
    given = "".join(draw.choice(_GIVEN) for _ in range(draw.choice((1, 2, 2))))
    return draw.choice(SURNAMES) + given


def child_of(name: str, draw: Random) -> str:
    """A full name with the same surname."""
    return name[0] + person(draw)[1:]


def phone(number: int) -> str:
    """Eleven digits from 100 on: no mobile network's numbers begin so."""
    return f"100{number:08d}"


def plate(number: int) -> str:
    """A plate of a region that does not exist."""
    return f"测{'ABCDEFGH'[number // 99_999 % 8]}{number % 99_999 + 1:05d}"
