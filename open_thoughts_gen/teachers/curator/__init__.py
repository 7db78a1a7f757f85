"""Any provider that curator knows, through curator (bespokelabs-curator): online, or through a batch interface."""

from open_thoughts_gen.teachers.curator.teacher import Curator as Curator
