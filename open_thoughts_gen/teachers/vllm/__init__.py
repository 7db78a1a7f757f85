"""A model run by vLLM in this process: no server, no port, one command."""

from open_thoughts_gen.teachers.vllm.teacher import ANSWER_ARGUMENTS as ANSWER_ARGUMENTS
from open_thoughts_gen.teachers.vllm.teacher import ANSWER_SETTINGS as ANSWER_SETTINGS
from open_thoughts_gen.teachers.vllm.teacher import SAMPLING as SAMPLING
from open_thoughts_gen.teachers.vllm.teacher import SPEED_ARGUMENTS as SPEED_ARGUMENTS
from open_thoughts_gen.teachers.vllm.teacher import Vllm as Vllm
