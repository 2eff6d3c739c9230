"""The gate page's words in Chinese. English is what the sources say; what has no Chinese word stays so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, unique
from typing import Final

from sync.events import EventKind
from sync.records import Reason

Say = Callable[[str], str]
"""A text of the sources in the language of the page."""


@unique
class Language(Enum):
    """Languages of the page, by the tag that browsers know."""

    CHINESE = "zh-Hans"
    ENGLISH = "en"

    @property
    def say(self) -> Say:
        """Its words."""
        return _chinese if self is Language.CHINESE else str


KINDS: Final[Mapping[EventKind, str]] = {
    EventKind.TAP: "刷卡",
    EventKind.DOOR_OPENED: "门打开",
    EventKind.DOOR_CLOSED: "门关上",
    EventKind.DOOR_FORCED: "门被强行打开",
    EventKind.DOOR_HELD: "门长时间未关",
    EventKind.DOOR_HELD_SOON: "门打开时间较长",
    EventKind.DOOR_NOT_USED: "已开锁，无人通过",
    EventKind.EXIT_BUTTON: "按出门按钮",
    EventKind.REMOTE_OPENED: "远程开门",
    EventKind.FIRE: "消防联动",
    EventKind.FIRE_CLEARED: "消防联动结束",
    EventKind.CONTACT_FAULT: "门磁故障",
    EventKind.CONTACT_RESTORED: "门磁恢复",
    EventKind.DOOR_HELD_ENDED: "门已关好",
    EventKind.DOOR_FORCED_ENDED: "被强行打开的门已关好",
    EventKind.BARRIER_BLOCKED: "道闸受阻",
    EventKind.FIRE_RESET: "消防联动复位",
    EventKind.WRONG_TRIES: "多次刷卡失败",
    EventKind.REVOKED_CARD_TAPPED: "已停用的卡刷卡",
    EventKind.DURESS: "胁迫开门",
    EventKind.SLIP_BOOKED: "保安登记放行条",
    EventKind.COMPANION_REFUSED: "保安拒绝放行",
    EventKind.PASSBACK_BREACH: "未出先进",
    EventKind.MODE_CHANGED: "门模式改变",
    EventKind.LIST_CHANGED: "名单已更新",
    EventKind.LIST_FAULT: "名单损坏",
    EventKind.READER_DOWN: "读卡器离线",
    EventKind.READER_UP: "读卡器恢复",
    EventKind.INPUT_CHANGED: "输入变化",
    EventKind.GPIO_DOWN: "线路不可读",
    EventKind.GPIO_UP: "线路恢复",
    EventKind.STARTED: "门岗设备启动",
    EventKind.STOPPED: "门岗设备停止",
    EventKind.CLOCK_CHANGED: "时钟变化",
    EventKind.EVENTS_LOST: "记录丢失",
    EventKind.LOG_SET_ASIDE: "损坏的日志已封存",
    EventKind.PASSBACK_FORGIVEN: "进入记录已清除",
    EventKind.ACCESS_STATE_LOST: "放行条计数丢失",
    EventKind.LIST_OLD: "名单一天未确认",
    EventKind.MAINTENANCE_BEGUN: "维护开始",
    EventKind.MAINTENANCE_ENDED: "维护结束",
}
REASONS: Final[Mapping[Reason, str]] = {
    Reason.GRANTED: "放行",
    Reason.GRANTED_FREE: "放行（自由通行）",
    Reason.UNKNOWN_CREDENTIAL: "未登记的卡",
    Reason.NOT_YET_VALID: "尚未生效",
    Reason.EXPIRED: "已过期",
    Reason.OUTSIDE_HOURS: "不在允许时段",
    Reason.HOLIDAY: "节假日",
    Reason.LOST: "已挂失",
    Reason.DAMAGED: "已报损",
    Reason.SUSPENDED: "已暂停",
    Reason.WITHDRAWN: "已收回",
    Reason.MOVED_OUT: "已搬出",
    Reason.SUPERSEDED: "已补办",
    Reason.WRONG_DOOR: "无此门权限",
    Reason.NO_USES_LEFT: "次数已用完",
    Reason.NEEDS_SECOND_CREDENTIAL: "等待第二张卡",
    Reason.NEEDS_PIN: "等待输入密码",
    Reason.WRONG_PIN: "密码错误",
    Reason.PIN_BLOCKED: "密码输入被锁定",
    Reason.PASSBACK: "已进入，未离开",
    Reason.INTERLOCK: "另一道门开着",
    Reason.LOCKED_DOWN: "封锁",
    Reason.LIST_TOO_OLD: "名单过旧",
    Reason.CLOCK_UNKNOWN: "时间未知",
    Reason.COMPANION_REFUSED: "保安拒绝",
    Reason.FAULT: "故障",
}
_WORDS: Final[Mapping[str, str]] = {
    # The page
    "Gates": "门岗模拟",
    "The desk": "客服台",
    "Card": "卡片",
    "or its number": "或输入卡号",
    "Held to the reader": "刷卡位置",
    "Tap the card": "刷卡",
    "Cable to the office, out or in": "通往管理处的网线：拔出或插上",
    "Walk through the door": "推门通过",
    "Push the door": "推门",
    "Close the door": "关门",
    "Exit button": "出门按钮",
    "Car on the loop, or off": "车辆驶上或驶离地感",
    "Fire contact, on or off": "消防触点：动作或复位",
    "Mains, off or on": "市电：断开或恢复",
    "at the door": "人行门",
    "at the barrier, coming": "道闸，驶入",
    "at the barrier, going": "道闸，驶出",
    "on no list": "未登记",
    "Last events": "最近事件",
    "Nothing yet.": "暂无事件。",
    "TLS over the network": "网络（TLS）",
    "resident": "住户卡",
    "tenant": "租户卡",
    "vehicle": "车辆卡",
    "guard": "保安卡",
    "active": "有效",
    "lost": "已挂失",
    "suspended": "已暂停",
    # The picture
    "does not answer": "没有应答",
    "The gate does not answer": "门岗没有应答",
    "no answer": "没有应答",
    "door": "门",
    "leaf": "门扇",
    "barrier": "道闸",
    "pedestrian": "人行门",
    "loop": "地感",
    "locked": "已锁",
    "unlocked": "已开锁",
    "open": "开",
    "closed": "关",
    "opening": "正在升起",
    "closing": "正在落下",
    "stopped": "停在中途",
    "clear": "无车",
    "occupied": "有车",
    "unknown": "未知",
    "alarm": "报警",
    "held soon": "打开时间较长",
    "held": "长时间未关",
    "forced": "强行打开",
    "mode": "模式",
    "normal": "正常",
    "free": "自由通行",
    "lockdown": "封锁",
    "FIRE: released": "消防联动：已释放",
    "FIRE": "消防",
    "battery": "电池供电",
    "no cable": "网线已拔",
    "mains failed": "市电中断",
    "mains ok": "市电正常",
    "cable in": "网线已插",
    "cable pulled out": "网线已拔",
    "no list": "没有名单",
    "list": "名单",
    "green": "绿",
    "red": "红",
    "buzzer": "蜂鸣",
    "car": "车",
    "granted": "放行",
    "refused": "拒绝",
    # What a person notices
    "The cable is in.": "网线已插上。",
    "The cable is pulled out: the gate decides alone.": "网线已拔出：门岗自行判断。",
    "The gate does not answer.": "门岗没有应答。",
    "The reader is dark.": "读卡器没有电。",
    "The door is locked; it does not move.": "门锁着，推不开。",
    "The door stands open.": "门开着。",
    "The door is shut.": "门关上了。",
    "The exit button is pressed.": "已按出门按钮。",
    "A car stands under the boom.": "车停在道闸下。",
    "The car has driven off.": "车开走了。",
    "The fire panel calls.": "消防主机动作。",
    "The fire panel is quiet.": "消防主机复位。",
    "The mains fail; the battery carries the gate.": "市电中断，电池供电。",
    "The mains are back.": "市电恢复。",
}
_PATTERNS: Final = (
    (re.compile(r"card ([0-9A-F]+): held to (\w+)"), r"卡 \1：已刷卡"),
    (re.compile(r"a pair of wires at (\d+) baud"), r"双绞线，\1 波特"),
    (re.compile(r"Not possible: a card's number is .*"), "不行：卡号为成对的十六进制数字，例如 04A1B2C3。"),
    (re.compile(r"Not possible: (.*)"), r"不行：\1"),
)


def kind_word(kind: str, say: Say) -> str:
    """An event's kind as gates name it."""
    if say is str or kind.upper() not in EventKind.__members__:
        return kind.replace("_", " ")
    return KINDS[EventKind[kind.upper()]]


def reason_word(reason: str, say: Say) -> str:
    """A decision's reason as gates name it."""
    if say is str or reason.upper() not in Reason.__members__:
        return reason.replace("_", " ")
    return REASONS[Reason[reason.upper()]]


def _chinese(text: str) -> str:
    known = _WORDS.get(text)
    if known is not None:
        return known
    for pattern, said in _PATTERNS:
        if pattern.fullmatch(text):
            return pattern.sub(said, text)
    return text
