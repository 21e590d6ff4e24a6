"""Where sentences go: sixty phrasings a language to their skill, and sixty open questions to none."""

from __future__ import annotations

import asyncio
import datetime
import time
from pathlib import Path

from lapel.assistant.controls import control
from lapel.assistant.intents import Matcher
from lapel.assistant.library import load

NOW = datetime.datetime(2026, 11, 25, 14, 20, tzinfo=datetime.UTC)

ENGLISH = """
set_timer: set a timer for ten minutes
set_timer: Start a 5 minute timer, please.
set_timer: timer for an hour and a half
set_timer: can you set a pasta timer for eleven minutes
set_timer: Set me a timer for ninety seconds
set_timer: count down from thirty seconds
show_timers: how much time is left on my timer
show_timers: What timers are running?
cancel_timer: cancel the timer
cancel_timer: stop the pasta timer
add_to_timer: add two minutes to the timer
set_alarm: wake me up at seven
set_alarm: set an alarm for 6:30 tomorrow morning
set_alarm: Set an alarm every weekday at quarter to seven
show_alarms: what alarms do I have
cancel_alarm: delete my seven o'clock alarm
set_reminder: remind me to call mum tomorrow at nine
set_reminder: remind me in twenty minutes to check the oven
set_reminder: Set a reminder to pay the rent on Monday
show_reminders: what are my reminders
add_to_list: add milk to my shopping list
add_to_list: put eggs and butter on the grocery list
read_list: what's on my shopping list
read_list: read me my to do list
remove_from_list: take milk off the shopping list
clear_list: clear my shopping list
remember: remember that my locker code is 4711
remember: make a note that the plumber comes on Tuesday
recall: what did I say about the plumber
forget: forget what I told you about the plumber
calculate: what is 15 percent of 80
calculate: how much is twelve times seventeen
calculate: What's 2 + 2?
convert_units: how many kilometers are five miles
convert_units: convert two cups to milliliters
convert_units: what is 180 degrees celsius in fahrenheit
weather: what's the weather like today
weather: what will the weather be in Paris tomorrow
weather: How cold is it outside?
will_it_rain: is it going to rain tomorrow
will_it_rain: do I need an umbrella today
send_message: send a message to Anna saying I am late
send_message: text Bob that dinner is ready
send_message: tell Anna I'll be there in ten minutes
read_messages: do I have any new messages
read_messages: read my messages
unread_mail: do I have any new email
unread_mail: check my inbox
next_event: what's my next appointment
show_day: what's on my calendar tomorrow
show_day: what do I have on Friday
add_event: add a dentist appointment on Friday at three
play_music: play some jazz
play_music: play Yesterday by the Beatles
pause_music: pause the music
next_song: next song please
what_is_playing: what song is this
set_volume: set the volume to forty percent
louder: turn it up
ring_pin: find my pin
current_time: what time is it in Tokyo
search_history: what did I ask about Lisbon
look_up_contact: what is Anna's phone number
"""

CHINESE = """
set_timer: 设一个十分钟的计时器
set_timer: 定时五分钟
set_timer: 帮我计时一个半小时
set_timer: 倒计时三十秒
set_timer: 十分钟后叫我
set_timer: 开始一个20分钟的计时
show_timers: 计时器还剩多久
show_timers: 还有多少时间
cancel_timer: 取消计时器
cancel_timer: 停止计时
add_to_timer: 再加两分钟
set_alarm: 明天早上七点叫我起床
set_alarm: 设一个六点半的闹钟
set_alarm: 每个工作日早上七点的闹钟
show_alarms: 我有哪些闹钟
cancel_alarm: 取消七点的闹钟
set_reminder: 提醒我明天九点给妈妈打电话
set_reminder: 二十分钟后提醒我看烤箱
set_reminder: 下周一提醒我交房租
show_reminders: 我有什么提醒
add_to_list: 把牛奶加到购物清单
add_to_list: 购物清单里加上鸡蛋和黄油
read_list: 购物清单上有什么
read_list: 念一下我的购物清单
remove_from_list: 把牛奶从购物清单里删掉
clear_list: 清空购物清单
remember: 记住我的柜子密码是4711
remember: 记一下水管工周二来
recall: 关于水管工我说过什么
forget: 忘掉水管工的事
calculate: 80的百分之十五是多少
calculate: 十二乘以十七等于多少
calculate: 2加2等于几
convert_units: 五英里等于多少公里
convert_units: 两杯是多少毫升
convert_units: 180摄氏度是多少华氏度
weather: 今天天气怎么样
weather: 明天巴黎天气如何
weather: 外面冷吗
will_it_rain: 明天会下雨吗
will_it_rain: 今天要带伞吗
send_message: 给李雷发消息说我晚点到
send_message: 告诉李雷饭好了
read_messages: 有新消息吗
read_messages: 读一下我的消息
unread_mail: 有新邮件吗
unread_mail: 看看我的收件箱
next_event: 我的下一个日程是什么
show_day: 明天有什么安排
show_day: 周五我有什么日程
add_event: 周五下午三点加一个看牙医的日程
play_music: 放点爵士乐
play_music: 播放周杰伦的晴天
pause_music: 暂停音乐
next_song: 下一首
what_is_playing: 这是什么歌
set_volume: 音量调到百分之四十
louder: 大声一点
ring_pin: 找一下我的胸针
current_time: 东京现在几点
search_history: 我之前问过里斯本什么
look_up_contact: 李雷的电话是多少
"""

OPEN = """
why is the sky blue
who wrote Hamlet
how far away is the moon
what is the capital of Portugal
tell me a joke
how do I boil an egg
what does carpe diem mean
who won the world cup in 1998
is a tomato a fruit
explain gravity to a child
what should I cook tonight
recommend a good book
how old is the universe
what is the difference between a crocodile and an alligator
how long does it take to fly to Tokyo
how do I remove a wine stain
who invented the telephone
what happened in 1969
what is the speed of light
how does a microwave oven work
do fish sleep
what is the weather like on Mars
why do leaves change colour
what is a good name for a dog
write a haiku about autumn
what is the best way to learn the piano
how does an alarm clock work
who composed the four seasons
what is the history of the calendar
how do I ask for a raise
why do people send letters
what music did Mozart write
when was the first email sent
how many people live in Tokyo
what is a kilometre
why do we need to sleep
what does a timer do in a computer
play devil's advocate about cars
should I play chess or go
what is the longest river in the world
tell me about the Roman empire
how can I remember names better
what is the meaning of forget me not
who sings in the opera Carmen and what is it about
what is a shopping list in programming
how do reminders affect productivity
what rhymes with orange
is it healthy to eat eggs every day
how do volcanoes form
what is two factor authentication
天空为什么是蓝色的
谁写了红楼梦
月亮离地球有多远
给我讲个笑话
怎么煮鸡蛋
光速是多少
为什么人要睡觉
葡萄牙的首都是哪里
闹钟是谁发明的
音乐对大脑有什么影响
邮件是什么时候发明的
怎样才能记住别人的名字
"""

TOOLS = {tool.name: tool for skill in asyncio.run(load(Path("/nowhere"), {})) for tool in skill.tools}
MATCHER = Matcher(TOOLS)


def routed(text: str) -> str:
    """Where a sentence goes; "llm" if to no skill."""
    if control(text) is not None:
        return "conversation"
    intent = MATCHER.match(text, NOW)
    return "llm" if intent is None else intent.name


def astray(phrasings: str) -> list[str]:
    """Those that go elsewhere, and where."""
    wanted = [line.split(": ", 1) for line in phrasings.strip().splitlines()]
    assert len(wanted) >= 60
    return [f"{text} -> {routed(text)}" for name, text in wanted if routed(text) != name]


def test_english_phrasings_go_to_their_skill() -> None:
    assert len(astray(ENGLISH)) <= 0.05 * 60, astray(ENGLISH)


def test_chinese_phrasings_go_to_their_skill() -> None:
    assert len(astray(CHINESE)) <= 0.05 * 60, astray(CHINESE)


def test_no_open_question_is_taken_by_a_skill() -> None:
    questions = OPEN.strip().splitlines()
    assert len(questions) >= 60
    assert [f"{text} -> {routed(text)}" for text in questions if routed(text) != "llm"] == []


def test_the_first_match_is_warm() -> None:
    """Tables are built before the wearer asks: the first match may not take a hundred times the next."""
    matcher = Matcher(TOOLS)
    took = []
    for text in ("set a timer for one hundred and five minutes", "set a timer for two minutes"):
        begun = time.process_time()
        matcher.match(text, NOW)
        took.append(time.process_time() - begun)
    assert took[0] < 0.1, took
