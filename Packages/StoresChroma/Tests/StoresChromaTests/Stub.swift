#if HTTP
import Testing
#endif
